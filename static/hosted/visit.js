/** One visit from consent to the way back: what each answer of the server means for the person. */

import { Api, Refusal } from "./api.js";
import { recognise } from "./browsers.js";
import { CameraError, cameraPermission, hasCamera, missingApi, openCamera, watchCamera } from "./camera.js";
import { CaptureLoop } from "./capture.js";
import { Flashing } from "./flashing.js";
import { FrameSource } from "./frames.js";
import { Instruction, reflect, resetGuidance } from "./guidance.js";
import { Handover } from "./handover.js";
import { LightPlayer } from "./light.js";
import { advice, exitReason, refine, watchForCamera } from "./permission.js";
import { Sound } from "./sound.js";
import { byId, offerExits, show, showHelp, showResult, shown } from "./steps.js";
import { connectionNotice, showWaiting } from "./waiting.js";
import { Words } from "./words.js";

/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./types.js").Camera} Camera */
/** @typedef {import("./types.js").Trouble} Trouble */

const POLL_MS = [400, 600, 1000, 1500];
const LONG_CHECK_MS = 8000;
// Good news is read at a glance; a reason needs time, and any key or touch stops the clock.
const LEAVE_AFTER_MS = { passed: 1500, other: 6000 };
/** Ways to end that need no reading because the person has just chosen them. */
const CHOSEN = new Set([
  "cancelled",
  "consent_refused",
  "alternative_requested",
  "camera_denied",
  "camera_unavailable",
]);
/** @type {Partial<Record<import("./types.js").State, string>>} */
const ENDED = {
  failed: "internal_error",
  expired: "session_expired",
  cancelled: "cancelled",
  errored: "internal_error",
};

/** In a frame, or in a window that the embedding script opened and named. */
function isEmbedded() {
  return window.parent !== window || (window.opener !== null && window.name.startsWith("visavis-"));
}

export class Visit {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
    this.words = new Words(page);
    this.ui = page.texts.ui;
    this.consented = !page.consent.required || page.consent.accepted;
    this.browser = recognise(navigator.userAgent, navigator.maxTouchPoints);
    this.address = new URL(page.urls.link ?? location.href, location.href).href;
    this.preview = /** @type {HTMLVideoElement} */ (byId("preview"));
    this.instruction = new Instruction(page.texts.guidance, this.ui.step_of, page.locale);
    this.flashing = new Flashing(page);
    this.light = new LightPlayer();
    this.sound = new Sound(byId("sound"));
    this.api = new Api(page, connectionNotice(this.words));
    this.open = openCamera;
    this.handover = new Handover(this);
    this.over = false;
    this.departing = false;
    // What another device has filmed is not gone on with.
    this.mustStart = this.handover.arrived;
    /** @type {Camera|null} */ this.camera = null;
    this.capture = new AbortController();
    /** @type {Status|null} */ this.status = null;
    this.stopWatching = () => {};
  }

  /** Take up the visit where the server says it stands. */
  async begin() {
    const missing = missingApi();
    if (this.page.state !== "created") return this.attempt(async () => this.apply(await this.api.status()));
    if (missing && this.open === openCamera) return this.coach(missing);
    return this.consented ? this.prime() : show("consent");
  }

  /** @param {boolean} accepted */
  answerConsent(accepted) {
    return this.attempt(async () => {
      const { textHash } = this.page.consent;
      const status = await this.api.post("consent", { accepted, textHash });
      this.consented = accepted;
      await this.apply(status);
    });
  }

  /** Show what is going to happen, before the browser asks for anything. */
  async prime() {
    const resuming = this.status?.state === "capturing";
    byId("start-camera").textContent = resuming ? this.ui.resume_camera : this.ui.start_camera;
    this.offerPhone();
    show("primer");
    if (resuming && (await cameraPermission()) === "granted") return this.startCamera();
    if (shown() !== "primer" || this.opening) return;
    const app = this.browser.inApp;
    const hint = byId("camera-hint");
    if (app !== null) hint.textContent = this.words.fill("in_app_hint", { app: app || this.ui.this_app });
    else if (!(await hasCamera()) && !this.opening) hint.textContent = this.ui.none_hint;
  }

  /** Open the camera and begin, or go on with, an attempt. */
  async startCamera() {
    if (this.opening || this.over) return;
    this.opening = true;
    this.stopWatching();
    const settle = showWaiting(this.words);
    try {
      this.closeCamera();
      const camera = await this.open();
      if (this.over || this.departing) return camera.close();
      this.camera = camera;
    } catch (error) {
      return this.coach(error instanceof CameraError ? error.kind : "in_use");
    } finally {
      settle();
      this.opening = false;
    }
    await this.attempt(() => this.runCapture());
  }

  /** @param {string} reason */
  async leave(reason) {
    if (this.departing) return;
    this.departing = true;
    await this.attempt(async () => {
      this.closeCamera();
      this.showChecking();
      await this.apply(await this.api.post("exit", { reason }));
    });
  }

  /** Go back to the website with the signed result, or hand it to the page that embeds this one. */
  goOn() {
    clearTimeout(this.leaving);
    location.assign(this.page.urls.return + this.embedding);
  }

  get embedding() {
    return isEmbedded() ? "?embedded=1" : "";
  }

  /** Offer the phone wherever the camera is asked for. */
  offerPhone() {
    for (const id of ["use-phone", "help-phone"]) {
      const button = document.getElementById(id);
      if (button) button.hidden = !this.handover.offered;
    }
  }

  closeCamera() {
    this.capture.abort();
    this.light.stop();
    this.camera?.close();
    this.camera = null;
    this.preview.srcObject = null;
  }

  async runCapture() {
    const camera = /** @type {Camera} */ (this.camera);
    this.capture = new AbortController();
    const { signal } = this.capture;
    watchCamera(camera, () => this.camera === camera && this.coach("stopped"));
    const goesOn = this.status?.state === "capturing" && !this.status.outcome && !this.mustRestart;
    if (!goesOn) this.forgetAttempt();
    this.instruction.clear();
    this.preview.srcObject = camera.stream;
    offerExits(true);
    show("capture");
    await this.preview.play().catch(() => {});
    const begun = { camera: camera.facts, ...(goesOn ? {} : this.flashing.tell()) };
    const status = goesOn ? await this.api.status(signal) : await this.api.post("start", begun, signal);
    this.mustStart = false;
    this.follow(status);
    if (signal.aborted) return;
    const frames = new FrameSource(this.preview, this.page.capture, signal);
    const { api, light, page } = this;
    const loop = new CaptureLoop(api, frames, light, page.sessionId, (next) => this.follow(next));
    await loop.run(status, signal);
  }

  get mustRestart() {
    return this.mustStart || this.flashing.changed;
  }

  forgetAttempt() {
    resetGuidance();
    this.light.reset();
  }

  /** Show an answer that came while the camera runs. @param {Status} status */
  follow(status) {
    const goesOn = !status.outcome && (status.state === "created" || status.state === "capturing");
    this.sound.follow(status);
    if (!goesOn) return void this.attempt(() => this.apply(status));
    this.status = status;
    // Who was not asked, or said no, sees no colours, whatever comes.
    this.light.follow(this.flashing.allowed ? status.light : null);
    reflect(status);
    this.instruction.follow(status);
  }

  /** Go to the step that belongs to an answer. @param {Status} status @returns {Promise<void>|void} */
  apply(status) {
    this.status = status;
    reflect(status);
    const { outcome } = status;
    if (outcome?.result === "retry") return this.offerRetry(outcome.reason, status.attemptsLeft);
    if (outcome) return this.conclude(outcome.result, outcome.reason);
    if (status.state === "passed" || status.state === "review") return this.conclude(status.state, null);
    if (ENDED[status.state]) return this.conclude("failed", ENDED[status.state] ?? null);
    if (status.state === "processing") return this.waitForResult();
    return this.consented ? this.prime() : show("consent");
  }

  /** @param {string|null} reason @param {number} attemptsLeft */
  offerRetry(reason, attemptsLeft) {
    this.closeCamera();
    const words = this.words.reason(reason);
    const note = attemptsLeft > 0 ? this.words.fill("attempts_left", { count: attemptsLeft }) : "";
    const other = this.flashing.allowed ? this.withoutFlashing() : undefined;
    const phone = this.handover.offered;
    showHelp({ ...words, note, button: this.ui.try_again, action: () => this.startCamera(), other, phone });
  }

  withoutFlashing() {
    const action = () => {
      this.flashing.decline();
      return this.startCamera();
    };
    return { text: this.ui.retry_without_flashing, action };
  }

  /** @param {"passed"|"failed"|"review"} result @param {string|null} reason */
  conclude(result, reason) {
    this.closeCamera();
    this.over = true;
    if (this.handover.arrived) return this.sendHome(result, reason);
    const passed = { title: this.ui.passed_title, hint: this.ui.passed_hint };
    const cause = reason ?? (result === "review" ? "review_pending" : null);
    const site = { site: this.page.relyingParty };
    const note = this.words.fill("returning", site);
    const button = this.words.fill("continue_to", site);
    showResult({ result, ...(result === "passed" ? passed : this.words.reason(cause)), note, button });
    const brief = result === "passed" || CHOSEN.has(reason ?? "");
    this.leaveSoon(brief ? LEAVE_AFTER_MS.passed : LEAVE_AFTER_MS.other);
  }

  /** The phone has done its part; only a person without the other device goes on here. */
  sendHome(/** @type {"passed"|"failed"|"review"} */ result, /** @type {string|null} */ reason) {
    const passed = { title: this.ui.passed_title, hint: this.ui.passed_hint };
    const cause = reason ?? (result === "review" ? "review_pending" : null);
    const words = result === "passed" ? passed : this.words.reason(cause);
    showResult({ result, ...words, note: this.ui.handover_home, button: this.ui.handover_here });
    byId("continue").classList.remove("primary");
  }

  /** @param {number} wait milliseconds */
  leaveSoon(wait) {
    this.leaving = setTimeout(() => this.goOn(), wait);
    const stay = () => {
      clearTimeout(this.leaving);
      byId("result-return").textContent = "";
    };
    for (const touch of ["keydown", "pointerdown"]) addEventListener(touch, stay, { once: true });
  }

  /** @returns {Promise<void>} */
  async waitForResult() {
    this.closeCamera();
    const began = performance.now();
    this.showChecking();
    for (let polls = 0; !this.over; polls++) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS[Math.min(polls, POLL_MS.length - 1)]));
      if (shown() !== "checking") return;
      const status = await this.api.status();
      if (this.over) return;
      if (status.state !== "processing" || status.outcome) return this.apply(status);
      if (performance.now() - began > LONG_CHECK_MS)
        byId("checking-hint").textContent = this.ui.checking_long;
    }
  }

  showChecking() {
    byId("checking-hint").textContent = this.ui.checking_hint;
    offerExits(true);
    if (shown() !== "checking") show("checking");
  }

  /** Explain what keeps the camera away and notice when it is gone. @param {Trouble["kind"]} kind */
  coach(kind) {
    this.closeCamera();
    const trouble = refine(kind, this.browser);
    const retry = () =>
      missingApi() ? location.reload() : this.consented ? this.startCamera() : this.begin();
    showHelp({
      ...advice(trouble, this.browser, this.ui, this.address),
      button: this.ui.try_again,
      action: retry,
      withoutCamera: () => this.leave(exitReason(trouble)),
      phone: this.handover.offered,
    });
    this.stopWatching = watchForCamera(trouble, retry);
  }

  /** Do something with the server; a refusal becomes a step with a way on. @param {() => unknown} action */
  async attempt(action) {
    try {
      await action();
    } catch (error) {
      if (error instanceof CameraError) return this.coach(error.kind);
      if (!(error instanceof Refusal)) throw error;
      if (error.meaning !== "stopped" && !this.over) await this.explain(error.meaning);
    }
  }

  /** @param {import("./api.js").Meaning} meaning */
  async explain(meaning) {
    this.closeCamera();
    this.departing = false;
    this.mustStart = meaning === "conflict";
    const { ui } = this;
    const reload = () => location.reload();
    if (meaning === "over") return this.conclude("failed", "session_expired");
    if (meaning === "superseded") {
      const words = { title: ui.superseded_title, hint: ui.superseded_hint, button: ui.superseded_here };
      return showHelp({ ...words, action: reload, exits: false });
    }
    if (meaning === "lost") {
      const words = { title: ui.lost_title, hint: ui.lost_hint, button: ui.reload };
      return showHelp({ ...words, action: reload, exits: false });
    }
    const fault = { title: ui.fault_title, hint: ui.fault_hint };
    const words = meaning === "limited" ? this.words.reason("rate_limited") : fault;
    const again = () => this.attempt(async () => this.apply(await this.api.status()));
    showHelp({ ...words, button: ui.try_again, action: again });
  }
}
