/** Signs and verifies whatever comes in, a line of JSON each, for tests that compare two languages. */

import { createInterface } from "node:readline";
import { ResultRefused, VerificationLink, verifyResult } from "../index.js";

function signed({ baseUrl, verificationId, secret, ...options }) {
  try {
    return new VerificationLink(baseUrl, verificationId, secret).sign(options);
  } catch (error) {
    return error.name;
  }
}

function verified({ query, ...options }) {
  try {
    return verifyResult(query, options).parameters;
  } catch (error) {
    if (!(error instanceof ResultRefused)) throw error;
    return error.reason;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { links, results } = JSON.parse(line);
  process.stdout.write(JSON.stringify({ links: links.map(signed), results: results.map(verified) }) + "\n");
}
