/** Going on with the visit on a phone: the code, and how far the person has come over there. */

import { byId, offerExits, show, shown } from "./steps.js";

/** @typedef {import("./types.js").Page} Page */
/** @typedef {import("./visit.js").Visit} Visit */

const WATCH_MS = 1500;
/** What the server says → which text is shown. */
const SAID = {
  waiting: "handover_waiting",
  opened: "handover_opened",
  capturing: "handover_capturing",
  checking: "handover_checking",
  expired: "handover_expired",
};

export class Handover {
  /** @param {Visit} visit */
  constructor(visit) {
    this.visit = visit;
    this.terms = visit.page.handover ?? null;
    this.address = "";
  }

  /** A phone has no use for a code, and a session moves once. */
  get offered() {
    const { system } = this.visit.browser;
    return this.terms !== null && !this.terms.arrived && system !== "android" && system !== "ios";
  }

  /** This is the phone: the way back is on the other device. */
  get arrived() {
    return this.terms?.arrived === true;
  }

  /** Show a fresh code and watch what becomes of it. */
  async offer() {
    const { visit } = this;
    visit.stopWatching();
    visit.closeCamera();
    const made = await visit.api.ask(this.terms.urls.offer, "POST");
    this.address = made.address;
    /** @type {HTMLImageElement} */ (byId("handover-picture")).src = made.picture;
    this.say("waiting");
    offerExits(true);
    show("handover");
    return this.watch();
  }

  async stay() {
    const { visit } = this;
    await visit.api.ask(this.terms.urls.withdraw, "POST");
    return visit.consented ? visit.prime() : visit.begin();
  }

  async copy() {
    await navigator.clipboard.writeText(this.address);
    byId("handover-copy").textContent = this.visit.ui.link_copied;
  }

  async watch() {
    const round = (this.round = (this.round ?? 0) + 1);
    while (shown() === "handover" && round === this.round && !this.visit.over) {
      const { state } = await this.visit.api.ask(this.terms.urls.watch, "GET");
      if (shown() !== "handover" || round !== this.round) return;
      if (state === "finished") return this.goHome();
      if (state === "superseded") return this.visit.explain("superseded");
      this.say(state);
      if (state === "expired") return;
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    }
  }

  goHome() {
    this.visit.over = true;
    location.assign(this.terms.urls.return + this.visit.embedding);
  }

  /** @param {keyof typeof SAID} state */
  say(state) {
    const text = this.visit.ui[SAID[state]];
    const said = byId("handover-said");
    if (said.textContent !== text) said.textContent = text;
    byId("handover-code").hidden = state !== "waiting";
    byId("handover-copy").hidden = state !== "waiting";
    byId("handover-new").hidden = state !== "expired";
    // On the phone it goes on: this page can end nothing any more.
    const mine = state === "waiting" || state === "expired";
    byId("handover-stay").hidden = !mine;
    offerExits(mine);
  }
}
