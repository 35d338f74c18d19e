/** The camera coach: what keeps the camera away, what to do about it here, and noticing when it is done. */

import { directionsFor } from "./browsers.js";
import { cameraPermission, hasCamera, permissionStatus } from "./camera.js";

/** @typedef {import("./types.js").Browser} Browser */
/** @typedef {import("./types.js").Trouble} Trouble */
/** @typedef {import("./steps.js").Help} Help */

/** Kinds that only the person's own choice brought about; everything else is a lack of a camera. */
const DENIED = new Set(["blocked", "dismissed", "system", "embedded"]);

/** @param {Trouble["kind"]} kind @returns {"camera_denied"|"camera_unavailable"} */
export function exitReason(kind) {
  return DENIED.has(kind) ? "camera_denied" : "camera_unavailable";
}

/**
 * An app's built-in browser that withholds the camera is left, not configured.
 * @param {Trouble["kind"]} kind @param {Browser} browser @returns {Trouble["kind"]}
 */
export function refine(kind, browser) {
  const withheld = kind === "blocked" || kind === "unsupported" || kind === "none";
  return browser.inApp !== null && withheld ? "in_app" : kind;
}

/**
 * @param {Trouble["kind"]} kind @param {Browser} browser @param {Record<string, string>} ui
 * @param {string} address  where the check can be opened again
 * @returns {Pick<Help, "title"|"hint"|"steps"|"link"|"copy">}
 */
export function advice(kind, browser, ui, address) {
  const words = { title: ui[`${kind}_title`], hint: ui[`${kind}_hint`] };
  switch (kind) {
    case "blocked":
      return { ...words, steps: lines(ui[directionsFor(browser)]) };
    case "system":
      return { ...words, steps: lines(ui[`system_${browser.system}`]) };
    case "in_app":
      return leaveApp(words.title, browser, ui, address);
    case "insecure":
      return { ...words, link: { text: ui.open_secure, href: encrypted(address), newTab: false } };
    case "embedded":
      return { ...words, link: { text: ui.open_tab, href: address, newTab: true } };
    case "none":
    case "unsupported":
      return { ...words, copy: address };
    default:
      return words;
  }
}

/**
 * Try again by itself as soon as the camera is allowed or a new one appears.
 * @param {Trouble["kind"]} kind @param {() => void} retry @returns {() => void} ends the watch
 */
export function watchForCamera(kind, retry) {
  const ended = new AbortController();
  const { signal } = ended;
  const ifAllowed = async () => {
    if (!signal.aborted && (await cameraPermission()) === "granted" && !signal.aborted) retry();
  };
  const ifPlugged = async () => {
    if (!signal.aborted && (await hasCamera()) && !signal.aborted) retry();
  };
  if (kind === "none" || kind === "stopped") {
    navigator.mediaDevices?.addEventListener("devicechange", ifPlugged, { signal });
  } else if (DENIED.has(kind)) {
    permissionStatus().then((status) => status?.addEventListener("change", ifAllowed, { signal }));
    // Coming back from the settings is the moment to look, also where no event is sent.
    document.addEventListener("visibilitychange", () => document.hidden || ifAllowed(), { signal });
  }
  return () => ended.abort();
}

/**
 * @param {string} title @param {Browser} browser @param {Record<string, string>} ui @param {string} address
 * @returns {Pick<Help, "title"|"hint"|"steps"|"link"|"copy">}
 */
function leaveApp(title, browser, ui, address) {
  const hint = ui.in_app_trouble.replace("{app}", () => browser.inApp || ui.this_app);
  const steps = lines(ui[browser.system === "android" ? "in_app_android" : "in_app_ios"]);
  const link = { text: ui.open_browser, href: outside(address, browser), newTab: false };
  return { title, hint, steps, link, copy: address };
}

/**
 * The address in the form that takes a person out of an app's built-in browser.
 * @param {string} address @param {Browser} browser
 */
function outside(address, browser) {
  const url = new URL(address);
  const rest = `${url.host}${url.pathname}${url.search}`;
  const scheme = url.protocol.replace(":", "");
  if (browser.system === "android") return `intent://${rest}#Intent;scheme=${scheme};end`;
  return browser.system === "ios" ? `x-safari-${scheme}://${rest}` : address;
}

/** @param {string} address */
function encrypted(address) {
  return address.replace(/^http:/, "https:");
}

/** @param {string} [text] @returns {string[]} */
function lines(text = "") {
  return text.split("\n").filter(Boolean);
}
