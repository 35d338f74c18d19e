/** Takes pictures off the running video: numbered later, never mirrored, never more than can be sent. */

import { CameraError } from "./camera.js";

/** @typedef {import("./types.js").Capture} Capture */
/** @typedef {import("./types.js").Frame} Frame */

// A camera that gives no picture for this long while the page is in front has stopped.
const FROZEN_MS = 8000;
// A batch waits for its last picture this much longer than it should take.
const PATIENCE = 1.25;
// While each colour of the screen counts and directions do not change, batches are this many times as large:
// fewer requests, and nothing is lost on a slow way up.
const FULL_RECORD = 3;
// Taking a picture a little early is better than a whole video frame late.
const EARLY_MS = 12;

/** @returns {number} milliseconds since 1970, never going back, not even over a reload */
export function browserClock() {
  return performance.timeOrigin + performance.now();
}

export class FrameSource {
  /** @param {HTMLVideoElement} video @param {Capture} settings @param {AbortSignal} signal  ends it */
  constructor(video, settings, signal) {
    this.video = video;
    this.settings = settings;
    this.intervalMs = settings.intervalMs;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    /** @type {Frame[]} */
    this.waiting = [];
    this.running = false;
    /** False while pictures should rather come late than not at all. */
    this.sparing = true;
    this.last = 0;
    this.taken = () => {};
    signal.addEventListener("abort", () => this.stop());
  }

  start() {
    this.running = true;
    this.follow();
  }

  stop() {
    this.running = false;
    this.waiting = [];
    this.taken();
  }

  /**
   * Wait for a batch. When pictures are few, because the camera is slow or the server wants fewer, a
   * smaller one goes in the time that a full one should take, so that directions never lag.
   * @returns {Promise<Frame[]>} empty once stopped @throws {CameraError}
   */
  async take() {
    const patience = browserClock() + PATIENCE * this.most * this.intervalMs;
    let frozen = browserClock() + FROZEN_MS;
    while (this.running && this.waiting.length < this.most) {
      const now = browserClock();
      if (this.waiting.length && now > patience) break;
      if (document.hidden) frozen = now + FROZEN_MS;
      if (now > frozen) throw new CameraError("stopped", "the camera gives no picture");
      await this.news();
    }
    return this.waiting.splice(0, this.most);
  }

  /** How many pictures wait for each other and go together. */
  get most() {
    return this.settings.framesPerBatch * (this.sparing ? 1 : FULL_RECORD);
  }

  /** @returns {Promise<void>} settled by the next picture, or after a quarter of a second */
  news() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 250);
      this.taken = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  follow() {
    if (!this.running) return;
    const next = async () => {
      await this.grabIfDue();
      this.follow();
    };
    if ("requestVideoFrameCallback" in this.video) this.video.requestVideoFrameCallback(next);
    else setTimeout(next, this.intervalMs / 2);
  }

  async grabIfDue() {
    const at = browserClock();
    const ready = this.running && this.video.readyState >= 2 && this.video.videoWidth > 0;
    if (!ready || at - this.last < this.intervalMs - EARLY_MS) return;
    this.last = at;
    const picture = await this.draw();
    if (picture && this.running) this.keep({ picture, at });
  }

  /** Keep the newest: when the way up is slow, the server should see what is, not what was. @param {Frame} frame */
  keep(frame) {
    this.waiting.push(frame);
    while (this.waiting.length > this.most) this.waiting.shift();
    this.taken();
  }

  /** The preview is mirrored by the stylesheet; these pixels are the camera's own. @returns {Promise<Blob|null>} */
  draw() {
    const { videoWidth, videoHeight } = this.video;
    const width = Math.min(this.settings.width, videoWidth);
    const height = Math.round((width * videoHeight) / videoWidth);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.context?.drawImage(this.video, 0, 0, width, height);
    return new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", this.settings.quality));
  }
}
