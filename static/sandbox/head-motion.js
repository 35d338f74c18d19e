// Poses of a simulated head and how it gets from one to the next: the same rules as
// app/sandbox/pose.py, so that both renderers move alike. Angles in degrees, times in milliseconds.

export const NEUTRAL = Object.freeze({
  yaw_deg: 0, pitch_deg: 0, roll_deg: 0, distance: 1, dx: 0, dy: 0,
});

const CHANNELS = Object.keys(NEUTRAL);

// Largest excursion of somebody who holds still, per channel; slow sway is wider than quick sway.
const SWAY_AMPLITUDE = [0.5, 0.35, 0.25, 0.004, 0.0015, 0.0012];
const SWAY_HERTZ = [0.11, 0.23, 0.47, 0.91];
const SWAY_SHARE = [0.4, 0.3, 0.2, 0.1];

/** Numbers 0…1 that repeat for the same seed (mulberry32, public domain). */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Flash and Hogan 1985: how far a reaching movement is after `share` of its time. */
export function minimumJerk(share) {
  const t = Math.min(Math.max(share, 0), 1);
  return t * t * t * (10 - 15 * t + 6 * t * t);
}

/** Where a head is at any moment: a goal, the way to it, and the sway of somebody alive. */
export class HeadMotion {
  constructor({ random, idle = true }) {
    this.idle = idle;
    this.phases = CHANNELS.map(() => SWAY_HERTZ.map(() => 2 * Math.PI * random()));
    this.start = NEUTRAL;
    this.goal = NEUTRAL;
    this.began = 0;
    this.lasts = 0;
    /** Factor on every distance: where the person sits. */
    this.seat = 1;
  }

  /** Begin to move to `goal` (missing channels: neutral) from wherever the head is `at` a moment. */
  move(goal, at, lasts) {
    this.start = this.planned(at);
    this.goal = { ...NEUTRAL, ...goal };
    this.began = at;
    this.lasts = lasts;
  }

  pose(at) {
    const pose = this.planned(at);
    pose.distance *= this.seat;
    return this.idle ? this.swayed(pose, at / 1000) : pose;
  }

  planned(at) {
    const share = this.lasts > 0 ? minimumJerk((at - this.began) / this.lasts) : 1;
    const between = {};
    for (const channel of CHANNELS) {
      between[channel] = this.start[channel] + (this.goal[channel] - this.start[channel]) * share;
    }
    return between;
  }

  swayed(pose, seconds) {
    CHANNELS.forEach((channel, row) => {
      const offset = SWAY_AMPLITUDE[row] * this.wave(this.phases[row], seconds);
      pose[channel] = channel === "distance" ? pose.distance * (1 + offset) : pose[channel] + offset;
    });
    return pose;
  }

  wave(phases, seconds) {
    return phases.reduce(
      (sum, phase, k) => sum + SWAY_SHARE[k] * Math.sin(2 * Math.PI * SWAY_HERTZ[k] * seconds + phase), 0,
    );
  }
}
