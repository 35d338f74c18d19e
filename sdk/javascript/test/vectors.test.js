/** The published vectors, the same files for every language. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canonical, parse, sign } from "../canonical.js";
import { ResultRefused, VerificationLink, verifyResult, verifyWebhook, WebhookRefused } from "../index.js";

const read = (name) => JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), "utf-8"));
const outcomeOf = (check, refusal) => {
  try {
    check();
    return "accepted";
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
    return error.reason ?? "refused";
  }
};

for (const vector of read("signatures")) {
  test(`signature: ${vector.name}`, () => {
    const pairs = parse(vector.query);
    assert.equal(canonical(pairs), vector.canonical);
    assert.equal(sign(vector.secret, vector.kind, vector.verificationId, pairs), vector.signature);
  });
}

for (const vector of read("refusals").filter(({ kind }) => kind === "result")) {
  test(`result: ${vector.name}`, () => {
    const outcome = outcomeOf(() => verifyResult(vector.query, vector), ResultRefused);
    assert.equal(outcome, vector.outcome, vector.why);
  });
}

for (const vector of read("refusals").filter(({ kind }) => kind === "link")) {
  test(`link: ${vector.name}`, () => {
    let url = null;
    const outcome = outcomeOf(() => {
      url = new VerificationLink(vector.baseUrl, vector.verificationId, vector.secret).sign(vector);
    }, Error);
    assert.equal(outcome, vector.outcome, vector.why);
    if (vector.url) assert.equal(url, vector.url);
  });
}

for (const vector of read("webhooks")) {
  test(`webhook: ${vector.name}`, () => {
    const outcome = outcomeOf(() => verifyWebhook(vector.headers, vector.body, vector), WebhookRefused);
    assert.equal(outcome, vector.outcome, vector.why);
  });
}
