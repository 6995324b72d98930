import type { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { readBundle, readPair, writeBundle, type CertificatePair } from "./pair.ts";

/** What the Secret of the webhook holds, as PEM. Each may be anything: people edit Secrets. */
export interface StoredCertificate extends CertificatePair {
  /** The authority of the certificate, and authorities of certificates that replicas may serve still. */
  readonly authorities: string;
}

export interface CertificateRules {
  readonly dnsNames: readonly string[];
  readonly nowMs: number;
  /** How long an authority is trusted after its certificate was replaced. */
  readonly overlapMs: number;
}

/** What is to be done about the Secret. */
export type CertificateStep =
  | { readonly kind: "serve"; readonly stored: StoredCertificate }
  /** The certificate is good; authorities that nobody needs are gone from this. */
  | { readonly kind: "trim"; readonly stored: StoredCertificate }
  /** A new certificate is needed; these authorities stay trusted meanwhile. */
  | { readonly kind: "issue"; readonly authorities: string; readonly because: string };

/** Part of a certificate's life after which it is replaced. */
const RENEW_AFTER = 2 / 3;
/** Authorities that stay when a certificate is replaced, the newest: however often that happens, the list has an end. */
const MOST_KEPT = 3;

/** Decides by what is stored alone, so that every replica decides the same. */
export function decideCertificate(stored: StoredCertificate | undefined, rules: CertificateRules): CertificateStep {
  if (stored === undefined) return { kind: "issue", authorities: "", because: "there is none yet" };
  const trusted = readBundle(stored.authorities).filter((one) => one.ca && one.validToDate.getTime() > rules.nowMs);
  const certificate = readPair(stored);
  const fault = certificate === undefined ? "it cannot be read" : faultOf(certificate, trusted, rules);
  if (certificate === undefined || fault !== undefined) {
    const authorities = writeBundle(trusted.slice(0, MOST_KEPT));
    return { kind: "issue", authorities, because: fault ?? "" };
  }
  const needed = isFresh(certificate, rules) ? trusted : trusted.filter((one) => signed(one, certificate));
  const authorities = writeBundle(needed);
  if (authorities === stored.authorities) return { kind: "serve", stored };
  return { kind: "trim", stored: { ...stored, authorities } };
}

function faultOf(
  certificate: X509Certificate,
  trusted: readonly X509Certificate[],
  { dnsNames, nowMs }: CertificateRules,
): string | undefined {
  const fromMs = certificate.validFromDate.getTime();
  const untilMs = certificate.validToDate.getTime();
  if (!trusted.some((authority) => signed(authority, certificate))) return "its authority is not there";
  const missing = dnsNames.find((name) => !covers(certificate, name));
  if (missing !== undefined) return `it is not for ${missing}`;
  if (nowMs < fromMs) return "it is not valid yet";
  if (nowMs >= untilMs) return "it has expired";
  return nowMs >= fromMs + (untilMs - fromMs) * RENEW_AFTER ? "it expires soon" : undefined;
}

function covers(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}

function signed(authority: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** While a certificate is this new, some replica may serve the one before. */
function isFresh(certificate: X509Certificate, { nowMs, overlapMs }: CertificateRules): boolean {
  return nowMs < certificate.validFromDate.getTime() + overlapMs;
}
