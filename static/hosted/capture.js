/** The loop of a running attempt: one batch on its way at any time, each answer shown at once. */

import { Refusal } from "./api.js";
import { browserClock } from "./frames.js";

/** @typedef {import("./types.js").Status} Status */

// A batch that the server does not like is dropped and the next one tried, this many times in a row.
const PATIENCE = 3;

export class CaptureLoop {
  /**
   * @param {import("./api.js").Api} api
   * @param {import("./frames.js").FrameSource} frames
   * @param {import("./light.js").LightPlayer} light
   * @param {string} sessionId
   * @param {(status: Status) => void} onStatus
   */
  constructor(api, frames, light, sessionId, onStatus) {
    this.api = api;
    this.frames = frames;
    this.light = light;
    this.sessionId = sessionId;
    this.onStatus = onStatus;
  }

  /** Send until the attempt is over. @param {Status} status @param {AbortSignal} signal @throws {Refusal} */
  async run(status, signal) {
    const origin = originOf(this.sessionId, status.attempt);
    let refused = 0;
    this.frames.start();
    while (!signal.aborted) {
      const frames = await this.frames.take();
      if (signal.aborted || !frames.length) break;
      const shown = this.light.report();
      const batch = { attempt: status.attempt, first: status.nextFrame, frames, shown, origin };
      try {
        status = await this.api.sendFrames(batch, signal);
        this.light.confirm(shown);
        refused = 0;
      } catch (error) {
        if (signal.aborted) break;
        if (!isPassing(error) || ++refused > PATIENCE) throw error;
        status = await this.api.status(signal);
      }
      if (!signal.aborted) this.follow(status);
    }
  }

  /** @param {Status} status */
  follow(status) {
    if (status.intervalMs) this.frames.intervalMs = status.intervalMs;
    this.frames.sparing = !status.light;
    this.onStatus(status);
  }
}

/** @param {unknown} error */
function isPassing(error) {
  return error instanceof Refusal && (error.meaning === "refused" || error.meaning === "conflict");
}

/**
 * When the attempt began, by the browser's clock; kept over a reload so that the frames' times go on.
 * @param {string} sessionId @param {number} attempt
 */
function originOf(sessionId, attempt) {
  const key = `visavis ${sessionId} ${attempt}`;
  const now = browserClock();
  try {
    const kept = Number(sessionStorage.getItem(key));
    if (kept > 0 && kept <= now) return kept;
    sessionStorage.setItem(key, String(now));
  } catch {
    // Storage may be closed in a frame of another site; only a reload would have needed it.
  }
  return now;
}
