import { createPrivateKey, X509Certificate } from "node:crypto";

/** A certificate chain and its key, as PEM. */
export interface CertificatePair {
  readonly certificate: string;
  readonly key: string;
}

/** The certificate itself, when both can be read and belong together. */
export function readPair({ certificate, key }: CertificatePair): X509Certificate | undefined {
  try {
    const read = new X509Certificate(certificate);
    return read.checkPrivateKey(createPrivateKey(key)) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Every certificate of a PEM text that can be read, in its order. */
export function readBundle(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** Certificates as one PEM text. */
export function writeBundle(certificates: readonly X509Certificate[]): string {
  return certificates.map((one) => `${one.toString().trim()}\n`).join("");
}
