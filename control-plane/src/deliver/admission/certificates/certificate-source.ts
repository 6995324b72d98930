import type { CertificatePair } from "./pair.ts";

/** Who wants to know what becomes of the webhook's certificate. */
export interface CertificateWatcher {
  /** A certificate that is to be served from now on; not called for the first. */
  readonly onPair: (pair: CertificatePair) => void;
  /** Something failed; what was served before goes on, and it is tried again. */
  readonly onProblem: (problem: Error) => void;
  /** Ends the source. */
  readonly signal?: AbortSignal;
}

/** Where the webhook's certificate comes from. */
export interface CertificateSource {
  /** The first certificate. */
  readonly pair: CertificatePair;
  stop(): Promise<void>;
}
