import "./reflect-metadata.ts";
import { randomBytes, type webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { CertificatePair } from "./pair.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** Clocks of the cluster may differ by this much. */
const CLOCK_SKEW_MS = 5 * 60_000;

export interface CertificateRequest {
  /** The names that the API server may call. */
  readonly dnsNames: readonly string[];
  readonly nowMs: number;
  readonly lifetimeMs: number;
}

/** A serving certificate, and the authority that vouches for it. */
export interface IssuedCertificate extends CertificatePair {
  readonly authority: string;
}

/**
 * Makes an authority, a certificate signed by it, and forgets the authority's key: nothing else can ever be signed with
 * it, and there is no secret to keep beside the certificate's own.
 */
export async function issueCertificate({
  dnsNames,
  nowMs,
  lifetimeMs,
}: CertificateRequest): Promise<IssuedCertificate> {
  const validity = { notBefore: new Date(nowMs - CLOCK_SKEW_MS), notAfter: new Date(nowMs + lifetimeMs) };
  const authorityKeys = await newKeys();
  const authority = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: `CN=graphway-webhook-${randomBytes(8).toString("hex")}`,
    keys: authorityKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    ...validity,
    subject: "CN=graphway-webhook",
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(dnsNames.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }))),
      await AuthorityKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return {
    authority: `${authority.toString("pem")}\n`,
    certificate: `${certificate.toString("pem")}\n`,
    key: `${key}\n`,
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}
