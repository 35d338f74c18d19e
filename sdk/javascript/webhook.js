/** Checks a webhook as Standard Webhooks 1.0 signs it. */

import { createHmac } from "node:crypto";
import { asSecrets, sameText } from "./canonical.js";

const SECRET = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/;
const UNIX_SECONDS = /^[0-9]{1,12}$/;
// A full stop separates what is signed, so that an id with one in it could be read in two ways.
const MESSAGE_ID = /^[\x21-\x2d\x2f-\x7e]{1,256}$/;

/** The webhook must not be believed; `reason` says why. */
export class WebhookRefused extends Error {
  /** @param {import("./index.js").WebhookRefusal} reason */
  constructor(reason) {
    super(reason);
    this.name = "WebhookRefused";
    this.reason = reason;
  }
}

/**
 * Return the event, once signature and time are right. `body` is the raw body, as nothing else is
 * signed. A webhook may come twice: remember `webhook-id` for as long as `tolerance` seconds.
 * @param {Record<string, string|string[]|undefined>} headers @param {Uint8Array|string} body
 * @param {import("./index.js").WebhookOptions} options @returns {import("./index.js").WebhookEvent}
 */
export function verifyWebhook(headers, body, { secrets, tolerance = 300, now = Date.now() / 1000 }) {
  const keys = asSecrets(secrets).map(keyOf);
  const given = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const [id, timestamp] = [textOf(given.get("webhook-id")), textOf(given.get("webhook-timestamp"))];
  if (!MESSAGE_ID.test(id) || !UNIX_SECONDS.test(timestamp)) throw new WebhookRefused("bad_header");
  const message = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
  if (!isSigned(message, textOf(given.get("webhook-signature")), keys)) throw new WebhookRefused("bad_signature");
  if (!(Math.abs(now - Number(timestamp)) <= tolerance)) throw new WebhookRefused("stale");
  return readEvent(Buffer.from(body));
}

/** @param {string} secret @returns {Buffer} */
function keyOf(secret) {
  const base64 = SECRET.exec(secret)?.[1];
  if (!base64) throw new TypeError("secrets: each must be whsec_ followed by Base64");
  return Buffer.from(base64, "base64");
}

/** @param {unknown} value @returns {string} */
function textOf(value) {
  return typeof value === "string" ? value : "";
}

/** @param {Buffer} message @param {string} header @param {Buffer[]} keys @returns {boolean} */
function isSigned(message, header, keys) {
  const given = header.split(" ").filter((part) => part.startsWith("v1,"));
  const expected = keys.map((key) => `v1,${createHmac("sha256", key).update(message).digest("base64")}`);
  // Every pair is compared, so that the time taken does not tell which one matched.
  return expected.flatMap((one) => given.map((other) => sameText(one, other))).includes(true);
}

/** @param {Buffer} body @returns {import("./index.js").WebhookEvent} */
function readEvent(body) {
  let event;
  try {
    event = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw new WebhookRefused("bad_body");
  }
  if (typeof event?.event !== "string") throw new WebhookRefused("bad_body");
  return event;
}
