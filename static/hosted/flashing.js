/** Whether colours may flash: chosen on the primer, or given by a device that asks for less motion. */

/** @typedef {import("./types.js").Page} Page */
/** @typedef {"allowed"|"declined"|"reduced_motion"} Answer */

const root = document.documentElement;
const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Flashing {
  /** @param {Page} page */
  constructor(page) {
    this.inChallenge = page.challenge?.flashing === true;
    this.ui = page.texts.ui;
    this.box = /** @type {HTMLInputElement|null} */ (document.getElementById("no-flashing"));
    this.key = `visavis flashing ${page.sessionId}`;
    this.given = recall(this.key);
    if (this.box) this.box.checked = this.given === "declined";
    for (const source of [this.box, lessMotion]) source?.addEventListener("change", () => this.reflect());
    this.reflect();
  }

  /** @returns {Answer} */
  get answer() {
    if (this.box?.checked) return "declined";
    return lessMotion.matches ? "reduced_motion" : "allowed";
  }

  /** True only where the challenge has a light part and nothing speaks against it. */
  get allowed() {
    return this.inChallenge && this.answer === "allowed";
  }

  /** True when the attempt under way was begun with another answer. */
  get changed() {
    return this.inChallenge && this.given !== null && this.given !== this.answer;
  }

  /** What to tell the server at the start of an attempt. @returns {{light?: Answer}} */
  tell() {
    if (!this.inChallenge) return {};
    this.given = this.answer;
    keep(this.key, this.given);
    return { light: this.given };
  }

  decline() {
    if (this.box) this.box.checked = true;
    this.reflect();
  }

  reflect() {
    if (!this.inChallenge) return;
    root.dataset.flashing = this.answer;
    const told = document.getElementById("flash-declined");
    if (told) told.textContent = this.answer === "declined" ? this.ui.flash_declined : "";
  }
}

/** @param {string} key @returns {string|null} */
function recall(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @param {string} key @param {string} value */
function keep(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Storage may be closed in a frame of another site; only a reload would have needed it.
  }
}
