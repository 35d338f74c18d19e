/** Makes signed links to one verification. */

import { randomBytes } from "node:crypto";
import { isReserved, isVerificationId, join, sign, SIGNATURE } from "./canonical.js";

/** @typedef {import("./canonical.js").Pair} Pair */

const MAX_QUERY_BYTES = 8192; // the service refuses longer links
const MAX_EXTERNAL_ID_CHARACTERS = 256;
const MAX_CUSTOM_PARAMETERS = 32;
const NONCE_BYTES = 16; // 128 bits
const NONCE = /^[0-9A-Fa-f]{32,128}$/;
const SET_BY_OPTION = new Set(["reExternalId", "reExpiration", "reNonce", SIGNATURE]);

/** @returns {string} a fresh nonce: 128 random bits */
export function freshNonce() {
  return randomBytes(NONCE_BYTES).toString("hex");
}

export class VerificationLink {
  #secret;

  /** @param {string} baseUrl @param {string} verificationId @param {string} secret */
  constructor(baseUrl, verificationId, secret) {
    if (!/^https?:\/\//.test(baseUrl)) throw new TypeError("baseUrl: must begin with https://");
    if (!isVerificationId(verificationId)) throw new TypeError("verificationId: must be a lower-case dashed GUID");
    if (typeof secret !== "string" || !secret) throw new TypeError("secret: must not be empty");
    this.baseUrl = baseUrl.replace(/\/+$/, "");
    this.verificationId = verificationId;
    this.#secret = secret;
  }

  /**
   * Return a signed link. `nonce: true` makes a fresh one; give your own, keep it in the visitor's
   * session and hand it to `verifyResult`: then the answer belongs to that visitor.
   * @param {import("./index.js").SignOptions} [options] @returns {string}
   */
  sign({ externalId = null, expiresIn = 600, nonce = true, parameters = {}, now = Date.now() / 1000 } = {}) {
    const pairs = [...externalIdPair(externalId), ...parameterPairs(parameters)];
    checkPairs(pairs);
    if (expiresIn !== null) pairs.push(["reExpiration", String(Math.floor(now + expiresIn))]);
    pairs.push(...noncePair(nonce, expiresIn));
    const signature = sign(this.#secret, "request", this.verificationId, pairs);
    const query = join([...pairs, [SIGNATURE, signature]]);
    if (query.length > MAX_QUERY_BYTES) throw new RangeError(`parameters: longer than ${MAX_QUERY_BYTES} bytes`);
    return `${this.baseUrl}/verification/${this.verificationId}?${query}`;
  }
}

/** @param {string|null} externalId @returns {Pair[]} */
function externalIdPair(externalId) {
  if (externalId === null) return [];
  const length = [...externalId].length; // characters, not UTF-16 units
  if (length < 1 || length > MAX_EXTERNAL_ID_CHARACTERS) {
    throw new RangeError(`externalId: must have 1 to ${MAX_EXTERNAL_ID_CHARACTERS} characters`);
  }
  return [["reExternalId", externalId]];
}

/** @param {any} parameters object, or pairs as URLSearchParams gives them @returns {Pair[]} */
function parameterPairs(parameters) {
  const entries = Symbol.iterator in parameters ? [...parameters] : Object.entries(parameters);
  const taken = entries.find(([name]) => SET_BY_OPTION.has(name));
  if (taken) throw new TypeError(`${taken[0]}: is set by an option of sign()`);
  return entries.flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== null && one !== undefined)
      .map((one) => /** @type {Pair} */ ([name, asText(name, one)])),
  );
}

/** @param {string} name @param {unknown} value @returns {string} */
function asText(name, value) {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || Number.isSafeInteger(value)) return String(value);
  throw new TypeError(`${name}: must be text, a boolean or a whole number`);
}

/** @param {Pair[]} pairs */
function checkPairs(pairs) {
  const seen = new Set();
  let custom = 0;
  for (const [name, value] of pairs) {
    if (`${name}${value}`.includes("\0")) throw new RangeError(`${JSON.stringify(name)}: must not hold U+0000`);
    if (!isReserved(name)) custom += 1;
    else if (seen.has(name)) throw new TypeError(`${name}: can be given once only`);
    seen.add(name);
  }
  if (custom > MAX_CUSTOM_PARAMETERS) throw new RangeError(`parameters: at most ${MAX_CUSTOM_PARAMETERS} of your own`);
}

/** @param {boolean|string|null} nonce @param {number|null} expiresIn @returns {Pair[]} */
function noncePair(nonce, expiresIn) {
  if (nonce === false || nonce === null) return [];
  if (expiresIn === null) throw new TypeError("nonce: needs an expiration; nonce: false makes a link for ever");
  const value = nonce === true ? freshNonce() : nonce;
  if (!NONCE.test(value)) throw new RangeError("nonce: must be 32 to 128 hexadecimal digits");
  return [["reNonce", value]];
}
