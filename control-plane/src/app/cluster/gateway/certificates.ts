import { createPrivateKey, X509Certificate } from "node:crypto";
import { ApiError, type ApiClient } from "../../../kubernetes-api/api-client.ts";
import { sleep, type Clock } from "../../../kubernetes-api/clock.ts";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";

/** A certificate with those above it, and its key; PEM. */
export interface Certificate {
  readonly chain: string;
  readonly key: string;
}

export interface CertificatesOptions {
  readonly client: Pick<ApiClient, "get">;
  readonly clock: Clock;
  /** How often Secrets are read again. Default 20 s; sooner where the API server gave no answer. */
  readonly everyMs?: number;
  /** Told of what is new, changed or, undefined, gone; `<namespace>/<name>` of the Secret. */
  readonly onChange: (secret: string, certificate: Certificate | undefined) => void;
  readonly onError: (secret: string, error: unknown) => void;
}

/**
 * Certificates from Secrets. They are read by name, so that nobody needs the right to list Secrets. Where a Secret comes to hold
 * something else than a certificate with its key, or can't be read any more, the one that it held stays; a Secret that is deleted
 * takes its certificate along.
 */
export interface Certificates {
  /** These Secrets, and no others, are read from now on. */
  want(secrets: ReadonlySet<string>): void;
  has(secret: string): boolean;
  /** What is wrong with the Secret as it is now. */
  faultOf(secret: string): string | undefined;
  /** Resolves once the API server has answered for each Secret that is wanted. */
  looked(): Promise<void>;
  stop(): Promise<void>;
}

const SOON_MS = 1000;

export function watchCertificates(options: CertificatesOptions): Certificates {
  const { client, clock, everyMs = 20_000, onChange, onError } = options;
  const stop = new AbortController();
  const known = new Map<string, Certificate>();
  const faults = new Map<string, string>();
  const answered = new Set<string>();
  let wanted: ReadonlySet<string> = new Set();
  let wake = new AbortController();
  const waiting: (() => void)[] = [];

  function note(secret: string, certificate: Certificate | undefined): void {
    const before = known.get(secret);
    if (before?.chain === certificate?.chain && before?.key === certificate?.key) return;
    if (certificate === undefined) known.delete(secret);
    else known.set(secret, certificate);
    onChange(secret, certificate);
  }

  function noteContent(secret: string, content: SecretContent): void {
    answered.add(secret);
    if (content.kind === "certificate") faults.delete(secret);
    else faults.set(secret, content.why);
    if (content.kind !== "other") note(secret, content.kind === "certificate" ? content.certificate : undefined);
  }

  function noteError(secret: string, error: unknown): void {
    faults.set(secret, `can't be read: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof ApiError && error.status < 500) answered.add(secret);
    onError(secret, error);
  }

  async function readAll(): Promise<void> {
    for (const secret of wanted) {
      const [namespace = "", name = ""] = secret.split("/");
      try {
        const content = certificateIn(await client.get(RESOURCE.secret, { namespace, name }));
        if (wanted.has(secret)) noteContent(secret, content);
      } catch (error) {
        if (wanted.has(secret)) noteError(secret, error);
      }
    }
  }

  function isLooked(): boolean {
    return [...wanted].every((one) => answered.has(one));
  }

  function tellLooked(): void {
    if (!isLooked()) return;
    for (const tell of waiting.splice(0)) tell();
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      await readAll();
      tellLooked();
      const restMs = isLooked() ? everyMs : Math.min(SOON_MS, everyMs);
      await sleep(clock, restMs, AbortSignal.any([wake.signal, stop.signal]));
    }
    for (const tell of waiting.splice(0)) tell();
  }

  function forget(secret: string): void {
    faults.delete(secret);
    answered.delete(secret);
    note(secret, undefined);
  }

  const ended = run();
  return {
    want(secrets) {
      const isNew = [...secrets].some((one) => !wanted.has(one));
      const gone = [...wanted].filter((one) => !secrets.has(one));
      wanted = secrets;
      for (const one of gone) forget(one);
      if (isNew) wake.abort();
      else tellLooked();
    },
    has: (secret) => known.has(secret),
    faultOf: (secret) => faults.get(secret),
    looked: () =>
      isLooked() || stop.signal.aborted ? Promise.resolve() : new Promise((resolve) => void waiting.push(resolve)),
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** What a Secret holds. */
export type SecretContent =
  | { readonly kind: "certificate"; readonly certificate: Certificate }
  | { readonly kind: "gone"; readonly why: string }
  | { readonly kind: "other"; readonly why: string };

/** What a Secret holds; undefined: there is none. */
export function certificateIn(secret: KubernetesObject | undefined): SecretContent {
  if (secret === undefined) return { kind: "gone", why: "is not there" };
  const data = (secret["data"] ?? {}) as Readonly<Record<string, string | undefined>>;
  const text = (name: string): string => Buffer.from(data[name] ?? "", "base64").toString();
  const [chain, key] = [text("tls.crt"), text("tls.key")];
  const other = (why: string): SecretContent => ({ kind: "other", why });
  const [certificate, privateKey] = [attempt(() => new X509Certificate(chain)), attempt(() => createPrivateKey(key))];
  if (certificate === undefined) return other("holds no certificate in PEM under tls.crt");
  if (privateKey === undefined) return other("holds no key in PEM under tls.key");
  if (attempt(() => certificate.checkPrivateKey(privateKey)) !== true)
    return other("holds under tls.key another key than that of the certificate under tls.crt");
  return { kind: "certificate", certificate: { chain, key } };
}

/** Undefined: it threw, as what reads PEM does for anything else. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
