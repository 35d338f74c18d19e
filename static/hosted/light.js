/** The light challenge: colours all around the oval, in the order and for the time the server says. */

/** @typedef {import("./types.js").Light} Light */
/** @typedef {import("./types.js").Shown} Shown */

const root = document.documentElement;
// Half a picture of a 60 Hz screen: the change goes to the picture nearest to the moment it is due.
const HALF_PICTURE_MS = 8;
// The eye and the camera's exposure get used to the grey before the first colour comes.
const LEAD_MS = 160;

export class LightPlayer {
  constructor() {
    this.reset();
  }

  /** Forget the attempt that went before. */
  reset() {
    this.stop();
    /** The step on the screen, or the last one that was. */
    this.number = -1;
    this.until = 0;
    /** @type {Shown[]} */
    this.unreported = [];
  }

  /** Take what the server has released so far; null ends the light. @param {Light|null} [light] */
  follow(light) {
    if (!light) return this.stop();
    this.light = light;
    if (this.playing) return;
    this.playing = true;
    this.paint(light.base);
    if (this.number < 0) this.until = performance.now() + LEAD_MS;
    this.await();
  }

  stop() {
    this.playing = false;
    cancelAnimationFrame(this.awaited ?? 0);
    /** @type {Light|null} */
    this.light = null;
    /** The step whose colour was set in this picture, until the next one proves that it was painted. */
    this.fresh = -1;
    this.colour = "";
    delete root.dataset.light;
    root.style.removeProperty("--visavis-light");
  }

  /** @returns {Shown[]} steps that were painted and that the server has not yet confirmed */
  report() {
    return [...this.unreported];
  }

  /** @param {Shown[]} shown  what an accepted batch carried */
  confirm(shown) {
    this.unreported = this.unreported.filter((step) => !shown.includes(step));
  }

  await() {
    this.awaited = requestAnimationFrame((now) => this.tick(now));
  }

  /** Runs before each picture of the screen. @param {number} now */
  tick(now) {
    if (this.fresh >= 0) this.unreported.push({ step: this.fresh, at: performance.timeOrigin + now });
    this.fresh = -1;
    if (now >= this.until - HALF_PICTURE_MS) this.advance(now);
    this.await();
  }

  /** Show the next step; one that comes late leaves its predecessor on the screen. @param {number} now */
  advance(now) {
    const light = /** @type {Light} */ (this.light);
    const next = light.steps.find(({ number }) => number === this.number + 1);
    if (next) {
      this.number = this.fresh = next.number;
      this.until = now + next.ms;
      this.paint(next.colour);
    } else if (light.last) {
      this.paint(light.base);
    }
  }

  /** @param {string} colour */
  paint(colour) {
    if (colour === this.colour) return;
    this.colour = colour;
    root.dataset.light = "on";
    root.style.setProperty("--visavis-light", colour);
  }
}
