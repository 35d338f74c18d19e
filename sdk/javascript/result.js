/** Checks the URL that the browser came back with; nothing of it can be read before. */

import { asSecrets, isReserved, isVerificationId, parse, sameText, sign, SIGNATURE } from "./canonical.js";

/** @typedef {import("./canonical.js").Pair} Pair */

const CLOCK_SKEW_SECONDS = 60; // how far the service's clock may run ahead of ours
const URL_START = /^(?:[A-Za-z][A-Za-z0-9+.-]*:\/\/|[/?])/;
const UNIX_SECONDS = /^[0-9]{1,12}$/;
const CHECKED = Symbol("checked"); // what only verifyResult has

/** The result must not be believed; `reason` says why. */
export class ResultRefused extends Error {
  /** @param {import("./index.js").ResultRefusal} reason @param {string} detail */
  constructor(reason, detail) {
    super(detail);
    this.name = "ResultRefused";
    this.reason = reason;
  }
}

/** What the service says about a person; only `verifyResult` can make one. */
export class VerifiedResult {
  /** @param {readonly import("./index.js").Pair[]} parameters @param {symbol} [proof] */
  constructor(parameters, proof) {
    if (proof !== CHECKED) throw new TypeError("a result is made by verifyResult alone");
    this.parameters = parameters;
    Object.freeze(this);
  }

  /** @param {string} name @returns {string|null} the first value; the configuration chooses what is there */
  get(name) {
    return first(this.parameters, name);
  }

  get passed() {
    return this.get("reVerificationResult") === "passed";
  }

  get sessionId() {
    return this.get("reVerificationSessionId");
  }

  get externalId() {
    return this.get("reExternalId");
  }

  get correlationId() {
    return this.get("reCorrelationId");
  }

  get age() {
    const text = this.get("reAge");
    return text ? Number(text) : null;
  }

  get gender() {
    return this.get("reGender");
  }

  get faceId() {
    return this.get("reFaceId");
  }

  get failedReason() {
    return this.get("reFailedReason");
  }

  get resultCode() {
    return this.get("reResultCode");
  }

  /** Pairs that are not the service's: passed through, or part of your target URL. */
  get custom() {
    return this.parameters.filter(([name]) => !isReserved(name));
  }
}

/**
 * Check a URL, path or query string and return what it says, or throw `ResultRefused`.
 * `expectedNonce` must be given: the nonce of this visitor's link (an empty one matches nothing), or
 * null to say that none is checked. `maxAge` is in seconds; null accepts a result of any age.
 * @param {string} urlOrQuery @param {import("./index.js").VerifyOptions} options
 * @returns {VerifiedResult}
 */
export function verifyResult(
  urlOrQuery,
  { verificationId, secrets, expectedNonce, maxAge = 300, now = Date.now() / 1000 },
) {
  if (!isVerificationId(verificationId)) throw new TypeError("verificationId: must be a lower-case dashed GUID");
  if (typeof expectedNonce !== "string" && expectedNonce !== null) {
    throw new TypeError("expectedNonce: must be the visitor's nonce, or null for no check");
  }
  const pairs = parseStrictly(queryOf(String(urlOrQuery)));
  checkSignature(pairs, verificationId, asSecrets(secrets));
  if (maxAge !== null) checkAge(first(pairs, "reIssuedAt"), maxAge, now);
  if (expectedNonce !== null) checkNonce(first(pairs, "reNonce"), expectedNonce);
  const signed = pairs.filter(([name]) => name !== SIGNATURE);
  return new VerifiedResult(Object.freeze(signed.map((pair) => Object.freeze(pair))), CHECKED);
}

/** @param {readonly import("./index.js").Pair[]} pairs @param {string} name @returns {string|null} */
function first(pairs, name) {
  return pairs.find(([key]) => key === name)?.[1] ?? null;
}

/** @param {string} urlOrQuery @returns {string} */
function queryOf(urlOrQuery) {
  const text = urlOrQuery.split("#", 1)[0] ?? "";
  return URL_START.test(text) ? text.slice((text + "?").indexOf("?") + 1) : text;
}

/** @param {string} query @returns {Pair[]} */
function parseStrictly(query) {
  let pairs;
  try {
    pairs = parse(query);
  } catch {
    throw new ResultRefused("bad_signature", "malformed query");
  }
  const reserved = pairs.map(([name]) => name).filter(isReserved);
  if (new Set(reserved).size === reserved.length) return pairs;
  throw new ResultRefused("bad_signature", "a reserved name is given more than once");
}

/** @param {Pair[]} pairs @param {string} verificationId @param {string[]} secrets */
function checkSignature(pairs, verificationId, secrets) {
  const signedFor = first(pairs, "reVerificationId") ?? verificationId;
  const given = first(pairs, SIGNATURE) ?? "";
  // Every secret is tried, so that the time taken does not tell which one matched.
  const matches = secrets.map((secret) => sameText(sign(secret, "result", signedFor, pairs), given));
  if (!matches.includes(true)) throw new ResultRefused("bad_signature", "missing or wrong signature");
  if (signedFor !== verificationId) {
    throw new ResultRefused("wrong_verification", "the result of another verification");
  }
}

/** @param {string|null} issuedAt @param {number} maxAge @param {number} now */
function checkAge(issuedAt, maxAge, now) {
  if (issuedAt === null || !UNIX_SECONDS.test(issuedAt)) {
    throw new ResultRefused("stale", "the result does not say when it was issued");
  }
  const age = now - Number(issuedAt);
  if (!(age >= -CLOCK_SKEW_SECONDS && age <= maxAge)) {
    throw new ResultRefused("stale", "the result was not issued just now");
  }
}

/** @param {string|null} nonce @param {string} expected */
function checkNonce(nonce, expected) {
  if (expected && sameText(nonce ?? "", expected)) return;
  throw new ResultRefused("nonce_mismatch", "the answer to another link");
}
