export type Mode = "redirect" | "iframe" | "popup";

export interface OpenOptions {
  /** The signed link, or an address of yours that redirects to it. */
  url: string;
  /** "redirect" when left out. */
  mode?: Mode;
  /** Where the frame goes, mode "iframe" only. */
  container?: Element | string;
  /** Origin of the service when `url` is an address of yours; else the origin of `url`. */
  allowedOrigin?: string;
  /** Ends it early: the frame is removed or the popup closed, and the promise is rejected. */
  signal?: AbortSignal;
  /** Name of the frame for screen readers. */
  title?: string;
}

export interface Visavis {
  /**
   * Resolves with the address that carries the signed result. It is nothing to believe before your
   * server has checked it: send the page there. Rejects with an `EmbeddingError`, or a TypeError.
   */
  open(options: OpenOptions): Promise<{ redirectedTo: string }>;
  EmbeddingError: { new (code: EmbeddingError["code"], message: string): EmbeddingError };
}

export interface EmbeddingError extends Error {
  readonly code: "popup_blocked" | "popup_closed" | "aborted";
}

export function loadVisavis(serviceUrl: string): Promise<Visavis>;

declare global {
  // eslint-disable-next-line no-var
  var Visavis: Visavis;
}
