/** What is said while something takes its time: the browser's question, or the way to the server. */

import { byId, shown } from "./steps.js";

/** @typedef {import("./words.js").Words} Words */

const LONG_WAIT_MS = 12_000;

/**
 * Say that the browser asks for the camera now; long silence gets one more hint.
 * @param {Words} words @returns {() => void} takes the words back
 */
export function showWaiting({ ui }) {
  const [button, hint] = shown() === "help" ? ["try-again", "help-note"] : ["start-camera", "camera-hint"];
  const before = byId(button).textContent;
  byId(button).textContent = ui.waiting_camera;
  byId(button).setAttribute("aria-busy", "true");
  byId(hint).textContent = ui.waiting_hint;
  const timer = setTimeout(() => (byId(hint).textContent = ui.waiting_long), LONG_WAIT_MS);
  return () => {
    clearTimeout(timer);
    byId(button).textContent = before;
    byId(button).removeAttribute("aria-busy");
    byId(hint).textContent = "";
  };
}

/** The line that says how the connection is. @param {Words} words */
export function connectionNotice(words) {
  const line = /** @type {HTMLElement} */ (byId("connection").firstElementChild);
  /** @param {string} text */
  const say = (text) => {
    byId("connection-text").textContent = text;
    line.hidden = !text;
  };
  return {
    lost: () => say(words.ui.connection_lost),
    busy: (/** @type {number} */ seconds) => say(words.fill("busy", { seconds })),
    back: () => say(""),
  };
}
