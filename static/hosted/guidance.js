/** Shows what the server says now: on the page's root for the stylesheet, and in words. */

/** @typedef {import("./types.js").Status} Status */

const root = document.documentElement;
// Directions that change faster than this can neither be read nor spoken.
const READABLE_MS = 800;

/** Put a status where stylesheet, tests and the rendered head can see it. @param {Status} status */
export function reflect(status) {
  const stepped = status.step > Number(root.dataset.step);
  root.dataset.phase = status.phase;
  root.dataset.guidance = status.guidance ?? "";
  root.dataset.step = String(status.step);
  // While the light shines nothing else on the page may move.
  if (!status.light) root.style.setProperty("--progress", String(status.progress));
  document
    .getElementById("progress")
    ?.setAttribute("aria-valuenow", String(Math.round(status.progress * 100)));
  // In the dark the page around the oval turns white and stays so: the screen is a lamp.
  if (status.guidance === "too_dark") root.dataset.lamp = "on";
  if (stepped && status.step > 1 && !status.light) buzz();
}

/** Forget the attempt that went before. */
export function resetGuidance() {
  root.dataset.guidance = "";
  root.dataset.step = "0";
  delete root.dataset.lamp;
  root.style.setProperty("--progress", "0");
}

/** The line of directions; screen readers speak it when it changes. */
export class Instruction {
  /** @param {Record<string, string>} texts @param {string} stepOf @param {string} locale */
  constructor(texts, stepOf, locale) {
    this.texts = texts;
    this.stepOf = stepOf;
    this.number = new Intl.NumberFormat(locale);
    this.line = /** @type {HTMLElement} */ (document.getElementById("instruction"));
    this.count = /** @type {HTMLElement} */ (document.getElementById("step-count"));
    this.since = 0;
    this.step = 0;
  }

  /** @param {Status} status */
  follow(status) {
    const wait = status.step === this.step ? this.since + READABLE_MS - performance.now() : 0;
    this.step = status.step;
    clearTimeout(this.timer);
    if (wait > 0) this.timer = setTimeout(() => this.say(status), wait);
    else this.say(status);
  }

  clear() {
    clearTimeout(this.timer);
    this.line.textContent = "";
    this.count.textContent = "";
    this.step = 0;
    this.since = 0;
  }

  /** @param {Status} status */
  say(status) {
    const text = this.texts[status.guidance] ?? "";
    if (text !== this.line.textContent) {
      this.line.textContent = text;
      this.since = performance.now();
    }
    const counts = status.phase === "challenge" && status.steps > 1 && status.step > 0;
    const [step, steps] = [status.step, status.steps].map((value) => this.number.format(value));
    this.count.textContent = counts ? this.stepOf.replace("{step}", step).replace("{steps}", steps) : "";
  }
}

/** Tell the hand that a direction was followed, for those who cannot watch the screen. */
function buzz() {
  // Browsers complain aloud about a vibration before the first touch.
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(40);
}
