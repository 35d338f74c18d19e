/** Soft tones for those who cannot watch the screen while they turn; silent until somebody asks for them. */

/** @typedef {import("./types.js").Status} Status */

// Hertz, one after the other: a step done, the light begins, all done.
const TONES = { on: [660], step: [587, 784], light: [440], done: [587, 784, 988] };
const TONE_S = 0.16;
const LOUDNESS = 0.07;

export class Sound {
  /** @param {HTMLElement} button */
  constructor(button) {
    this.button = button;
    /** @type {AudioContext|null} */
    this.context = null;
    this.step = 0;
    this.lit = false;
    button.addEventListener("click", () => this.toggle());
  }

  get on() {
    return this.button.getAttribute("aria-pressed") === "true";
  }

  toggle() {
    this.button.setAttribute("aria-pressed", String(!this.on));
    if (this.on) this.play(TONES.on);
  }

  /** Sound what has changed since the last answer. @param {Status} status */
  follow(status) {
    const lights = Boolean(status.light) && !this.lit;
    const steps = status.step > this.step && this.step > 0;
    this.lit = Boolean(status.light);
    this.step = status.step;
    if (lights) this.play(TONES.light);
    else if (status.state === "processing") this.play(TONES.done);
    else if (steps) this.play(TONES.step);
  }

  /** @param {number[]} tones */
  play(tones) {
    if (!this.on || !("AudioContext" in window)) return;
    this.context ??= new AudioContext();
    const start = this.context.currentTime + 0.02;
    tones.forEach((hertz, i) => this.tone(/** @type {AudioContext} */ (this.context), hertz, start + i * TONE_S));
  }

  /** One tone that swells and fades, so that nothing clicks. @param {AudioContext} context @param {number} hertz @param {number} at */
  tone(context, hertz, at) {
    const voice = new OscillatorNode(context, { frequency: hertz });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setTargetAtTime(LOUDNESS, at, 0.012);
    loudness.gain.setTargetAtTime(0, at + TONE_S * 0.6, 0.06);
    voice.connect(loudness).connect(context.destination);
    voice.start(at);
    voice.stop(at + 3 * TONE_S);
  }
}
