import type { CertificateSource } from "./certificate-source.ts";
import type { CertificatePair } from "./pair.ts";

/** What looks for certificates until it is told to end, and says when it has the first. */
type Look = (found: (first: CertificatePair) => void, ended: AbortSignal) => Promise<void>;

/** Starts to look, and resolves with the first certificate. Throws when it is ended before there was one. */
export async function keepLooking(look: Look, signal?: AbortSignal): Promise<CertificateSource> {
  const ended = new AbortController();
  const first = Promise.withResolvers<CertificatePair>();
  const ending = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal]);
  const running = look(first.resolve, ending);
  const pair = await Promise.race([first.promise, running.then(() => undefined)]);
  if (pair === undefined) throw new Error("stopped before there was a certificate");
  return {
    pair,
    stop: async () => {
      ended.abort();
      await running;
    },
  };
}
