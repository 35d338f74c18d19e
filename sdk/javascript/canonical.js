/** The canonical form of a query string and the HMAC over it: one reading, the service's own. */

import { createHmac, timingSafeEqual } from "node:crypto";

/** @typedef {[name: string, value: string]} Pair */

const RESERVED = /^re[A-Z]/;
const VISIBLE_ASCII = /^[\x21-\x7e]*$/;
const VERIFICATION_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NOT_ESCAPED = /[!'()*]/g; // what encodeURIComponent leaves bare although it is not unreserved

export const SIGNATURE = "reSignature";

/** @param {string} name @returns {boolean} true for names that are the service's own */
export function isReserved(name) {
  return RESERVED.test(name);
}

/** @param {unknown} text @returns {boolean} */
export function isVerificationId(text) {
  return typeof text === "string" && text.length === 36 && VERIFICATION_ID.test(text);
}

/**
 * Read a raw query as the service does: + is a space, blank values are kept, empty segments say nothing.
 * @param {string} query @returns {Pair[]}
 * @throws {SyntaxError} for what no URL may hold, malformed escapes, escapes that are not UTF-8
 */
export function parse(query) {
  if (!VISIBLE_ASCII.test(query)) throw new SyntaxError("a raw space, control or non-ASCII character");
  return query.split("&").filter(Boolean).map(decodePair);
}

/** @param {string} segment @returns {Pair} */
function decodePair(segment) {
  const at = segment.indexOf("=");
  const [name, value] = at < 0 ? [segment, ""] : [segment.slice(0, at), segment.slice(at + 1)];
  return [decode(name), decode(value)];
}

/** @param {string} text @returns {string} */
function decode(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new SyntaxError("a malformed escape, or escapes that are not UTF-8");
  }
}

/** @param {string} text @returns {string} @throws {URIError} for half a surrogate pair */
export function encode(text) {
  const escape = (/** @type {string} */ mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(NOT_ESCAPED, escape);
}

/** @param {readonly Pair[]} pairs @returns {string} */
export function join(pairs) {
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
}

/** @param {readonly Pair[]} pairs @returns {string} the one text for these pairs, in whatever order they came */
export function canonical(pairs) {
  return join(pairs.filter(([name]) => name !== SIGNATURE).sort(byBytes));
}

// JavaScript orders strings by UTF-16 units, which is not the order of their UTF-8 bytes.
/** @param {Pair} one @param {Pair} other @returns {number} */
function byBytes(one, other) {
  return compareBytes(one[0], other[0]) || compareBytes(one[1], other[1]);
}

/** @param {string} one @param {string} other @returns {number} */
function compareBytes(one, other) {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/**
 * @param {string} secret @param {"request"|"result"} kind @param {string} verificationId
 * @param {readonly Pair[]} pairs @returns {string} 64 lower-case hexadecimal digits
 */
export function sign(secret, kind, verificationId, pairs) {
  const message = `visavis-${kind}-v1\n${verificationId}\n${canonical(pairs)}`;
  return createHmac("sha256", Buffer.from(secret)).update(message).digest("hex");
}

/** @param {string} one @param {string} other @returns {boolean} compared in constant time */
export function sameText(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** @param {unknown} secrets @returns {string[]} */
export function asSecrets(secrets) {
  const listed = typeof secrets === "string" ? [secrets] : Array.isArray(secrets) ? secrets : [];
  if (!listed.length || !listed.every((secret) => typeof secret === "string" && secret)) {
    throw new TypeError("secrets: at least one, and none of them empty");
  }
  return listed;
}
