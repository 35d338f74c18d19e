/**
 * Opens a verification from a page of the relying site: by full redirect, in a frame or in a popup.
 *
 *   <script src="https://verify.example.org/static/embed/visavis.js"></script>
 *   const { redirectedTo } = await Visavis.open({ url: signedLink, mode: "popup" });
 *   location.assign(redirectedTo);
 *
 * Only a message from the service's origin and from the very window that was opened counts. What it
 * brings is nothing to believe before your server has checked it: send the page there. The
 * verification must name your origin in `securityConfig.frameAncestors`. Types: sdk/javascript/browser.d.ts.
 */
(function () {
  "use strict";

  const POPUP_SIZE = "popup,width=480,height=760";
  const FRAME_HEIGHT = "min(760px, 100vh)";
  // How soon a popup that was closed is noticed: no event tells of it.
  const LOOK_MS = 250;
  // The hosted page hands its result to the opener of a window of this name, and of no other.
  const WINDOW_NAME = "visavis-";

  /** Why there is no result: `code` is `popup_blocked`, `popup_closed` or `aborted`. */
  class EmbeddingError extends Error {
    constructor(code, message) {
      super(message);
      this.name = "EmbeddingError";
      this.code = code;
    }
  }

  /** The origin of a web address; "*", "null" and other schemes are a mistake that must not pass. */
  function originOf(name, text) {
    const url = new URL(text, location.href);
    if (url.protocol === "https:" || url.protocol === "http:") return url.origin;
    throw new TypeError(`${name}: must be a web address`);
  }

  function pinnedOrigin(url, allowedOrigin) {
    if (allowedOrigin === undefined) return originOf("url", url);
    if (originOf("allowedOrigin", allowedOrigin) === allowedOrigin) return allowedOrigin;
    throw new TypeError("allowedOrigin: must be one origin, such as https://verify.example.org");
  }

  function addressIn(data) {
    const address = data !== null && typeof data === "object" ? data.redirectedTo : null;
    return typeof address === "string" && /^https?:\/\//.test(address) ? address : null;
  }

  /** Wait for the result of one window; `release` is called however it ends. */
  function resultOf(child, origin, signal, release, look) {
    return new Promise((resolve, reject) => {
      const end = (settle, value) => {
        removeEventListener("message", hear);
        signal?.removeEventListener("abort", abort);
        clearInterval(timer);
        release();
        settle(value);
      };
      const hear = (event) => {
        if (event.origin !== origin || event.source === null || event.source !== child) return;
        const redirectedTo = addressIn(event.data);
        if (redirectedTo !== null) end(resolve, { redirectedTo });
      };
      const abort = () => end(reject, new EmbeddingError("aborted", "the page ended it"));
      const timer = setInterval(() => {
        const error = look();
        if (error) end(reject, error);
      }, LOOK_MS);
      addEventListener("message", hear);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
    });
  }

  function openFrame(url, origin, { container, signal, title = "Verification" }) {
    const place = typeof container === "string" ? document.querySelector(container) : container;
    if (!(place instanceof Element)) throw new TypeError("container: must be an element or its selector");
    const frame = document.createElement("iframe");
    frame.title = title;
    frame.allow = `camera ${origin}`; // named, as the address may lead there by a redirect
    frame.referrerPolicy = "no-referrer";
    Object.assign(frame.style, { width: "100%", height: FRAME_HEIGHT, border: "0" });
    frame.src = url;
    place.append(frame);
    const gone = () => (frame.isConnected ? null : new EmbeddingError("aborted", "the frame was removed"));
    return resultOf(frame.contentWindow, origin, signal, () => frame.remove(), gone);
  }

  function openPopup(url, origin, { signal }) {
    const popup = window.open(url, WINDOW_NAME + crypto.getRandomValues(new Uint32Array(2)).join(""), POPUP_SIZE);
    if (popup === null) throw new EmbeddingError("popup_blocked", "open it from a click, or use a redirect");
    const closed = () => (popup.closed ? new EmbeddingError("popup_closed", "the person closed the popup") : null);
    return resultOf(popup, origin, signal, () => popup.close(), closed);
  }

  function openRedirect(url) {
    location.assign(url);
    return new Promise(() => {}); // this page is over
  }

  const MODES = { redirect: openRedirect, iframe: openFrame, popup: openPopup };

  /**
   * @param {{url: string, mode?: "redirect"|"iframe"|"popup", container?: Element|string,
   *   allowedOrigin?: string, signal?: AbortSignal, title?: string}} options
   *   `url` is a signed link; or an address of yours that redirects to one, and then `allowedOrigin` is
   *   the service's origin
   * @returns {Promise<{redirectedTo: string}>}
   */
  async function open(options) {
    const { url, mode = "redirect", allowedOrigin } = options;
    if (!Object.hasOwn(MODES, mode)) throw new TypeError("mode: must be redirect, iframe or popup");
    originOf("url", url);
    return MODES[mode](String(url), pinnedOrigin(url, allowedOrigin), options);
  }

  window.Visavis = Object.freeze({ open, EmbeddingError });
})();
