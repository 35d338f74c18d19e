/** Ties the buttons of the page to the visit. */

import { openRenderedHead } from "./camera.js";
import { byId } from "./steps.js";
import { Visit } from "./visit.js";

/** @type {import("./types.js").Page} */
const page = JSON.parse(byId("page-data").textContent ?? "");
const visit = new Visit(page);
const ui = page.texts.ui;

/** One press, one action: presses while it runs are not counted. @param {string} id @param {() => unknown} action */
function on(id, action) {
  const button = document.getElementById(id);
  let running = false;
  button?.addEventListener("click", async () => {
    if (running) return;
    running = true;
    try {
      await action();
    } finally {
      running = false;
    }
  });
}

on("consent-accept", () => visit.answerConsent(true));
on("consent-decline", () => visit.answerConsent(false));
on("start-camera", () => visit.startCamera());
on("cancel", () => visit.leave("cancelled"));
on("other-way", () => visit.leave("alternative_requested"));
on("continue", () => visit.goOn());
for (const id of ["use-phone", "help-phone", "handover-new"]) {
  on(id, () => visit.attempt(() => visit.handover.offer()));
}
on("handover-stay", () => visit.attempt(() => visit.handover.stay()));
on("handover-copy", () => visit.handover.copy());
on("reconnect", () => visit.api.hurry());
on("use-sandbox", () => {
  visit.open = () => openRenderedHead(page.sandbox?.assetUrl ?? "");
  return visit.consented ? visit.startCamera() : visit.begin();
});
on("copy-link", async () => {
  const button = byId("copy-link");
  await navigator.clipboard.writeText(button.dataset.address ?? "");
  button.textContent = ui.link_copied;
});

// The camera's light must not outlive the page, and a page from the back button starts anew.
addEventListener("pagehide", () => visit.closeCamera());
addEventListener("pageshow", (event) => event.persisted && location.reload());

visit.begin();
