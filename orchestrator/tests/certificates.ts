import "./reflect-metadata.ts";
import type { webcrypto } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

export interface Pem {
  readonly cert: string;
  readonly key: string;
}

/** An authority that signs certificates for a test. */
export interface Authority {
  readonly pem: string;
  /** A certificate for localhost and 127.0.0.1 with the common name. */
  issue(name: string): Promise<Pem>;
}

export async function makeAuthority(name: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const own = await X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return { pem: own.toString("pem"), issue: (subject) => issue(own, keys.privateKey, subject) };
}

async function issue(authority: X509Certificate, signingKey: webcrypto.CryptoKey, name: string): Promise<Pem> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.create({
    ...validity(),
    subject: `CN=${name}`,
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
      ]),
    ],
  });
  const key = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { cert: certificate.toString("pem"), key };
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS) };
}

/** Files of a mounted Secret, swapped all at once by its `..data` link as kubelet does it. */
export class SecretFolder {
  readonly path: string;
  #version = 0;

  constructor(path: string, files: Readonly<Record<string, string>>) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    this.swap(files);
    for (const name of Object.keys(files)) symlinkSync(join("..data", name), join(path, name));
  }

  swap(files: Readonly<Record<string, string>>): void {
    this.#version += 1;
    const folder = `..version_${this.#version}`;
    mkdirSync(join(this.path, folder));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.path, folder, name), text);
    const link = join(this.path, `..data_tmp_${this.#version}`);
    symlinkSync(folder, link);
    renameSync(link, join(this.path, "..data"));
  }
}
