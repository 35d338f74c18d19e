/** Talks to the server: repeats what a bad network lost, and says in one word what a refusal means. */

/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./types.js").Batch} Batch */

const TIMEOUT_MS = 20_000;
const PAUSES_MS = [500, 1000, 2000, 4000];
const LOST = new Set([502, 503, 504]);
// Asked to wait longer than this, a person wants to know instead of watching a counter.
const LONGEST_WAIT_S = 30;

// Always the same, unlike that of a FormData: the server prepares its parser for each one it meets, which takes
// longer than to parse the form. A picture that holds it by chance does not occur.
const BOUNDARY = "visavis-frames-5f0e8c1d7a93";

/** @typedef {"superseded"|"over"|"lost"|"conflict"|"limited"|"refused"|"fault"|"stopped"} Meaning */

/** An answer that repeating will not change. */
export class Refusal extends Error {
  /** @param {Meaning} meaning @param {string} detail */
  constructor(meaning, detail) {
    super(detail);
    this.meaning = meaning;
  }
}

/** @param {number} status @param {string} type @returns {Meaning} */
function meaningOf(status, type) {
  if (status === 409) return type.endsWith("page-superseded") ? "superseded" : "conflict";
  if (status === 410) return "over";
  if (status === 429) return "limited";
  if (status === 401 || status === 403 || status === 404) return "lost";
  return status >= 500 ? "fault" : "refused";
}

/** @param {Response|null} response @returns {number} NaN unless the server asked to wait */
function secondsToWait(response) {
  const asked = response?.status === 429 ? Number(response.headers.get("Retry-After")) : NaN;
  return asked > 0 ? asked : NaN;
}

/** @param {string} name @param {string|Blob} content @returns {Blob} one field of a form */
function part(name, content) {
  return new Blob([`--${BOUNDARY}\r\nContent-Disposition: form-data; ${name}\r\n\r\n`, content, "\r\n"]);
}

export class Api {
  /**
   * @param {Page} page
   * @param {{lost: () => void, busy: (seconds: number) => void, back: () => void}} connection
   *   told when an answer fails to come, when the server asks to wait, and when all is well again
   */
  constructor(page, connection) {
    this.urls = page.urls;
    this.token = page.token;
    this.connection = connection;
    this.wake = () => {};
    addEventListener("online", () => this.hurry());
  }

  /** Cut a pause between two tries short. */
  hurry() {
    this.wake();
  }

  /** @param {AbortSignal} [signal] @returns {Promise<Status>} */
  status(signal) {
    return this.request(this.urls.status, () => ({ method: "GET" }), signal);
  }

  /**
   * @param {"consent"|"start"|"exit"} name @param {object} body @param {AbortSignal} [signal]
   * @returns {Promise<Status>}
   */
  post(name, body, signal) {
    const headers = { "Content-Type": "application/json" };
    const build = () => ({ method: "POST", headers, body: JSON.stringify(body) });
    return this.request(this.urls[name], build, signal);
  }

  /**
   * Anything that is no status. @param {string} url @param {"GET"|"POST"} method @returns {Promise<any>}
   */
  ask(url, method) {
    return this.request(url, () => ({ method }));
  }

  /**
   * The same batch may arrive twice when an answer got lost; the server then only says which is next.
   * @param {Batch} batch @param {AbortSignal} signal @returns {Promise<Status>}
   */
  sendFrames({ attempt, first, frames, shown, origin }, signal) {
    const since = (/** @type {number} */ at) => Math.round((at - origin) * 10) / 10;
    const clientMs = frames.map((frame) => since(frame.at));
    const light = shown.length ? { shown: shown.map(({ step, at }) => ({ step, at: since(at) })) } : {};
    const parts = [part('name="meta"', JSON.stringify({ attempt, first, clientMs, ...light }))];
    parts.push(...frames.map((frame, i) => part(`name="frame"; filename="${first + i}.jpg"`, frame.picture)));
    const body = new Blob([...parts, `--${BOUNDARY}--\r\n`]);
    const headers = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };
    return this.request(this.urls.frames, () => ({ method: "POST", headers, body }), signal);
  }

  /**
   * @param {string} url @param {() => RequestInit} build @param {AbortSignal} [signal]
   * @returns {Promise<Status>}
   */
  async request(url, build, signal) {
    for (let tries = 0; !signal?.aborted; tries++) {
      const response = await this.once(url, build(), signal);
      if (signal?.aborted) break;
      if (response && !LOST.has(response.status) && !(secondsToWait(response) <= LONGEST_WAIT_S)) {
        this.connection.back();
        return this.read(response);
      }
      await this.pause(response, tries, signal);
    }
    throw new Refusal("stopped", "no longer wanted");
  }

  /**
   * @param {string} url @param {RequestInit} init @param {AbortSignal} [signal]
   * @returns {Promise<Response|null>} null: no answer
   */
  async once(url, init, signal) {
    const abort = new AbortController();
    const giveUp = () => abort.abort();
    const timer = setTimeout(giveUp, TIMEOUT_MS);
    signal?.addEventListener("abort", giveUp);
    const headers = { ...init.headers, "X-Visavis-Page": this.token, Accept: "application/json" };
    try {
      return await fetch(url, { ...init, headers, signal: abort.signal, credentials: "same-origin" });
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** @param {Response} response @returns {Promise<Status>} */
  async read(response) {
    const body = await response.json().catch(() => null);
    if (response.ok && body) return body;
    throw new Refusal(meaningOf(response.status, String(body?.type ?? "")), String(body?.detail ?? ""));
  }

  /** @param {Response|null} response @param {number} tries @param {AbortSignal} [signal] */
  async pause(response, tries, signal) {
    const asked = secondsToWait(response);
    if (asked) this.connection.busy(asked);
    else this.connection.lost();
    const wait = asked ? asked * 1000 : PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)];
    await new Promise((resolve) => {
      this.wake = () => resolve(undefined);
      setTimeout(resolve, wait);
      signal?.addEventListener("abort", resolve, { once: true });
    });
  }
}
