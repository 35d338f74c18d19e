// A person who reads the hosted page's instruction and does what it says, at human speed.
import { NEUTRAL } from "./head-motion.js";

// Milliseconds from an instruction to the begin of the movement, and how long the movement takes.
const REACTION = [250, 450];
const MOVEMENT = [400, 700];
// Leaning in or out when asked for a better distance: share of the distance per second, and limits.
const LEAN = { move_closer: -0.15, move_back: 0.15 };
const SEAT_RANGE = [0.55, 1.6];

/** What the hosted page tells the person now; null while it says nothing. */
export function pageInstruction() {
  const page = document.documentElement;
  const guidance = page && page.dataset.guidance;
  return guidance ? { guidance, step: page.dataset.step || "" } : null;
}

export class Cooperation {
  /** `answers` maps a guidance to a pose; a guidance without answer means: look straight. */
  constructor({ motion, answers, random, getInstruction = pageInstruction }) {
    Object.assign(this, { motion, answers, random, getInstruction });
    this.read = null;
    this.pending = null;
    this.looked = 0;
    /** True once the page has asked for a second step of the challenge. */
    this.pastFirstStep = false;
    this.challengeStep = null;
  }

  /** Look at the page and move; to be called with every frame. */
  look(now) {
    const said = this.getInstruction();
    const instruction = typeof said === "string" && said ? { guidance: said, step: "" } : said;
    if (instruction) this.consider(instruction, now);
    if (this.pending && now >= this.pending.due) {
      this.motion.move(this.pending.goal, now, this.between(MOVEMENT));
      this.pending = null;
    }
    this.looked = now;
  }

  consider({ guidance, step }, now) {
    if (guidance in LEAN) this.lean(LEAN[guidance], now);
    if (this.read && this.read.guidance === guidance && this.read.step === step) return;
    this.read = { guidance, step };
    this.countSteps(guidance, step);
    // Somebody about to move follows the newest instruction without thinking anew.
    const due = this.pending ? this.pending.due : now + this.between(REACTION);
    this.pending = { goal: this.answers[guidance] || NEUTRAL, due };
  }

  countSteps(guidance, step) {
    if (this.challengeStep !== null && step !== this.challengeStep) this.pastFirstStep = true;
    const isMovement = /^(look_(left|right|up|down)|come_nearer|go_farther)$/.test(guidance);
    if (isMovement && this.challengeStep === null) this.challengeStep = step;
  }

  lean(perSecond, now) {
    const seconds = Math.min(0.2, (now - this.looked) / 1000);
    const seat = this.motion.seat * (1 + perSecond * seconds);
    this.motion.seat = Math.min(SEAT_RANGE[1], Math.max(SEAT_RANGE[0], seat));
  }

  between([low, high]) {
    return low + (high - low) * this.random();
  }
}
