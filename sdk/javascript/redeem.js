/** Trades the single-use code of a verified result for the result itself. */

import { sameText } from "./canonical.js";
import { VerifiedResult } from "./result.js";

const PATH = "/v1/verification/redeem-result-code";
const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The code was not redeemed; `status` is the HTTP status, 0 when there was no usable answer. */
export class RedeemRefused extends Error {
  /** @param {number} status @param {string} detail */
  constructor(status, detail) {
    super(`${detail} (status ${status})`);
    this.name = "RedeemRefused";
    this.status = status;
  }
}

/**
 * `result` comes from `verifyResult` with `maxAge: null` and `expectedNonce: null`, as a code travels
 * without either; give the visitor's nonce here to have it compared with the answer's.
 * @param {string} baseUrl @param {string} apiKey @param {VerifiedResult} result
 * @param {import("./index.js").RedeemOptions} [options] @returns {Promise<Record<string, unknown>>}
 */
export async function redeemResultCode(baseUrl, apiKey, result, { expectedNonce = null, timeoutMs = 10_000 } = {}) {
  const url = addressOf(baseUrl, apiKey);
  if (!(result instanceof VerifiedResult) || !result.resultCode || !result.sessionId) {
    throw new TypeError("result: holds no result code");
  }
  const wish = { verificationSessionId: result.sessionId, resultCode: result.resultCode };
  const answer = await post(url, apiKey, wish, timeoutMs);
  if (answer.verificationSessionId !== result.sessionId) {
    throw new RedeemRefused(200, "the answer is about another session");
  }
  if (expectedNonce !== null && !(expectedNonce && sameText(String(answer.nonce ?? ""), expectedNonce))) {
    throw new RedeemRefused(200, "the answer to another link");
  }
  return answer;
}

/** @param {string} baseUrl @param {string} apiKey @returns {string} */
function addressOf(baseUrl, apiKey) {
  const url = new URL(baseUrl);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && LOOPBACK.has(url.hostname))) {
    throw new TypeError("baseUrl: must begin with https://, as an API key travels with it");
  }
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new TypeError("apiKey: must be visible ASCII");
  return baseUrl.replace(/\/+$/, "") + PATH;
}

/** @param {string} url @param {string} apiKey @param {object} wish @param {number} timeoutMs */
async function post(url, apiKey, wish, timeoutMs) {
  const headers = { Authorization: `ApiKey ${apiKey}`, "Content-Type": "application/json", Accept: "application/json" };
  let response, answer;
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    // An API key is not carried to wherever an answer points.
    response = await fetch(url, { method: "POST", headers, body: JSON.stringify(wish), redirect: "manual", signal });
    answer = response.ok ? await response.json() : null;
  } catch (error) {
    throw new RedeemRefused(0, `no usable answer: ${error instanceof Error ? error.name : "error"}`);
  }
  if (!response.ok) throw new RedeemRefused(response.status, "the service refused");
  if (typeof answer !== "object" || !answer || Array.isArray(answer)) throw new RedeemRefused(0, "not an object");
  return answer;
}
