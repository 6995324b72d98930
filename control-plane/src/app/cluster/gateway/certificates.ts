import { createPrivateKey, X509Certificate } from "node:crypto";
import type { ApiClient } from "../../../kubernetes-api/api-client.ts";
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
  /** How often Secrets are read again. Default 20 s. */
  readonly everyMs?: number;
  /** Told of what is new, changed or, undefined, gone; `<namespace>/<name>` of the Secret. */
  readonly onChange: (secret: string, certificate: Certificate | undefined) => void;
  readonly onError: (secret: string, error: unknown) => void;
}

/** Certificates from Secrets. They are read by name, so that nobody needs the right to list Secrets. */
export interface Certificates {
  /** These Secrets, and no others, are read from now on. */
  want(secrets: ReadonlySet<string>): void;
  has(secret: string): boolean;
  stop(): Promise<void>;
}

export function watchCertificates(options: CertificatesOptions): Certificates {
  const { client, clock, everyMs = 20_000, onChange, onError } = options;
  const stop = new AbortController();
  const known = new Map<string, Certificate>();
  let wanted: ReadonlySet<string> = new Set();
  let wake = new AbortController();

  function note(secret: string, certificate: Certificate | undefined): void {
    const before = known.get(secret);
    if (before?.chain === certificate?.chain && before?.key === certificate?.key) return;
    if (certificate === undefined) known.delete(secret);
    else known.set(secret, certificate);
    onChange(secret, certificate);
  }

  async function readAll(): Promise<void> {
    for (const secret of wanted) {
      const [namespace = "", name = ""] = secret.split("/");
      try {
        const certificate = certificateIn(await client.get(RESOURCE.secret, { namespace, name }));
        if (wanted.has(secret)) note(secret, certificate);
      } catch (error) {
        // What is known stays: that it can't be read says nothing about it.
        onError(secret, error);
      }
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      await readAll();
      await sleep(clock, everyMs, AbortSignal.any([wake.signal, stop.signal]));
    }
  }

  const ended = run();
  return {
    want(secrets) {
      const isNew = [...secrets].some((one) => !wanted.has(one));
      for (const one of wanted) if (!secrets.has(one)) note(one, undefined);
      wanted = secrets;
      if (isNew) wake.abort();
    },
    has: (secret) => known.has(secret),
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** Undefined: the Secret is not there, or holds no certificate with its key. */
export function certificateIn(secret: KubernetesObject | undefined): Certificate | undefined {
  const data = (secret?.["data"] ?? {}) as Readonly<Record<string, string | undefined>>;
  const text = (name: string): string => Buffer.from(data[name] ?? "", "base64").toString();
  const certificate = { chain: text("tls.crt"), key: text("tls.key") };
  try {
    return new X509Certificate(certificate.chain).checkPrivateKey(createPrivateKey(certificate.key))
      ? certificate
      : undefined;
  } catch {
    // Neither PEM nor anything that Envoy could use; the listener's condition says so.
    return undefined;
  }
}
