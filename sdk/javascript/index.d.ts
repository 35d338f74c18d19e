export type Pair = readonly [name: string, value: string];
export type ParameterValue = string | number | boolean | null | undefined | readonly (string | number | boolean)[];
export type ResultRefusal = "bad_signature" | "wrong_verification" | "stale" | "nonce_mismatch";
export type WebhookRefusal = "bad_header" | "bad_signature" | "stale" | "bad_body";

export interface SignOptions {
  externalId?: string | null;
  /** Seconds; null makes a link for ever. 600 when left out. */
  expiresIn?: number | null;
  /** true: a fresh one; false or null: none. */
  nonce?: boolean | string | null;
  parameters?: Record<string, ParameterValue> | Iterable<readonly [string, ParameterValue]>;
  now?: number;
}

export class VerificationLink {
  constructor(baseUrl: string, verificationId: string, secret: string);
  readonly baseUrl: string;
  readonly verificationId: string;
  sign(options?: SignOptions): string;
}

export interface VerifyOptions {
  verificationId: string;
  secrets: string | readonly string[];
  /** The nonce of this visitor's link, or null for no check. */
  expectedNonce: string | null;
  /** Seconds; 300 when left out, null for no limit. */
  maxAge?: number | null;
  now?: number;
}

export class VerifiedResult {
  private constructor();
  readonly parameters: readonly Pair[];
  readonly passed: boolean;
  readonly sessionId: string | null;
  readonly externalId: string | null;
  readonly correlationId: string | null;
  readonly age: number | null;
  readonly gender: string | null;
  readonly faceId: string | null;
  readonly failedReason: string | null;
  readonly resultCode: string | null;
  readonly custom: readonly Pair[];
  get(name: string): string | null;
}

export class ResultRefused extends Error {
  readonly reason: ResultRefusal;
}

export function verifyResult(urlOrQuery: string, options: VerifyOptions): VerifiedResult;

export interface RedeemOptions {
  expectedNonce?: string | null;
  timeoutMs?: number;
}

export class RedeemRefused extends Error {
  readonly status: number;
}

export function redeemResultCode(
  baseUrl: string,
  apiKey: string,
  result: VerifiedResult,
  options?: RedeemOptions,
): Promise<Record<string, unknown>>;

export interface WebhookOptions {
  secrets: string | readonly string[];
  /** Seconds, both ways; 300 when left out. */
  tolerance?: number;
  now?: number;
}

export interface WebhookEvent {
  event: string;
  verificationSessionId?: string;
  [name: string]: unknown;
}

export class WebhookRefused extends Error {
  readonly reason: WebhookRefusal;
}

export function verifyWebhook(
  headers: Record<string, string | string[] | undefined>,
  body: Uint8Array | string,
  options: WebhookOptions,
): WebhookEvent;
