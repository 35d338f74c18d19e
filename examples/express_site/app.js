/** A relying site in one file: open an account with a face check, sign in again with the same face. */

import { randomBytes } from "node:crypto";
import express from "express";
import { ResultRefused, VerificationLink, verifyResult, verifyWebhook, WebhookRefused } from "visavis-client";

const SETTINGS = ["VISAVIS_URL", "VISAVIS_VERIFICATION_ID", "VISAVIS_SIGNING_SECRET"];
const missing = SETTINGS.filter((name) => !process.env[name]);
if (missing.length) throw new Error(`Set these environment variables first: ${missing.join(", ")}`);
const [url, verificationId, secrets] = SETTINGS.map((name) => process.env[name]);
const link = new VerificationLink(url, verificationId, secrets);

// The first visit runs everything. A return visit only compares the face; the verification has to
// allow that. Leave liveness on where a photo held to the camera would be worth somebody's while.
const SKIPPED = {
  first: {},
  return: { reDisableLivenessVerifier: true, reDisableAgeVerifier: true, reDisableGenderVerifier: true },
};
const MAX_NAME_CHARACTERS = 256; // of an external id
const MAX_VISITS = 10_000; // a restart forgets them; a real site has a session store
const visits = new Map(); // visitor -> { name, kind, nonce }

const app = express();
app.disable("x-powered-by");

app.get("/", (request, response) => response.send(page(`
  <h1>Welcome</h1>
  <form method="post" action="/visit">
    <label>Your user name <input name="name" required maxlength="${MAX_NAME_CHARACTERS}"></label>
    <button name="kind" value="first">Create my account</button>
    <button name="kind" value="return">Sign in again</button>
  </form>`)));

app.post("/visit", express.urlencoded({ extended: false }), (request, response) => {
  const name = String(request.body?.name ?? "").trim();
  const kind = String(request.body?.kind ?? "");
  const length = [...name].length;
  if (length < 1 || length > MAX_NAME_CHARACTERS || !Object.hasOwn(SKIPPED, kind)) return response.redirect(303, "/");
  const [visitor, nonce] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  if (visits.size >= MAX_VISITS) visits.delete(visits.keys().next().value);
  visits.set(visitor, { name, kind, nonce });
  response.cookie("visitor", visitor, { httpOnly: true, sameSite: "lax", secure: request.secure });
  response.redirect(303, link.sign({ externalId: name, nonce, parameters: SKIPPED[kind] }));
});

app.get("/callback", (request, response) => {
  // Forgotten before anything is checked: one link, one answer.
  const visitor = /(?:^|; )visitor=([0-9a-f]+)/.exec(request.headers.cookie ?? "")?.[1];
  const sent = visits.get(visitor) ?? { name: "", kind: "", nonce: "" };
  visits.delete(visitor);
  try {
    const result = verifyResult(request.originalUrl, { verificationId, secrets, expectedNonce: sent.nonce });
    response.send(result.passed ? welcome(sent) : sorry(result));
  } catch (error) {
    if (!(error instanceof ResultRefused)) throw error;
    response.status(400).send(page(`<h1 data-outcome="refused" data-refusal="${error.reason}">Not accepted</h1>`));
  }
});

// Told by the service itself, whatever becomes of the browser. Answer quickly; a webhook may come twice.
app.post("/webhook", express.raw({ type: () => true, limit: "64kb" }), (request, response) => {
  if (!process.env.VISAVIS_WEBHOOK_SECRET) return response.status(404).end();
  try {
    const event = verifyWebhook(request.headers, request.body ?? "", { secrets: process.env.VISAVIS_WEBHOOK_SECRET });
    console.log(event.event, event.verificationSessionId);
    response.status(204).end();
  } catch (error) {
    if (!(error instanceof WebhookRefused)) throw error;
    response.status(400).send(error.reason);
  }
});

function welcome({ name, kind }) {
  const words = kind === "first" ? "Your account is ready" : "Welcome back";
  return page(`<h1 data-outcome="passed" data-kind="${kind}">${words}, ${escape(name)}</h1>`);
}

function sorry({ failedReason }) {
  const reason = escape(failedReason ?? "");
  return page(`<h1 data-outcome="failed" data-reason="${reason}">That did not work</h1><p>${reason}</p>`);
}

function page(body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Harbour Library</title><main>${body}</main></html>`;
}

function escape(text) {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

const { PORT = "5001" } = process.env;
app.listen(Number(PORT), "localhost", () => console.log(`http://localhost:${PORT}`));
