/**
 * Visavis for relying sites, on a server: sign a verification link, check the result that comes back,
 * redeem a result code, check a webhook. What may run in a page is in `browser.js`.
 */

export { redeemResultCode, RedeemRefused } from "./redeem.js";
export { VerificationLink } from "./link.js";
export { ResultRefused, VerifiedResult, verifyResult } from "./result.js";
export { verifyWebhook, WebhookRefused } from "./webhook.js";
