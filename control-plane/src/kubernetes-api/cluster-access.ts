/** What proves who we are, and whom we talk to. */
export interface Credentials {
  /** `authorization` and the like. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

/** Certificates in PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** Name in the server's certificate when it is not the host's. */
  readonly servername?: string;
  /** False: anyone may be the server. Default true. */
  readonly rejectUnauthorized?: boolean;
}

/** Where a cluster's API server is and how to be let in. */
export interface ClusterAccess {
  /** Base URL, possibly with a path. */
  readonly server: string;
  /** Of an HTTP or SOCKS5 proxy on the way. */
  readonly proxyUrl?: string;
  /** The namespace that is meant when none is named: of the pod, or of the kubeconfig's context. */
  readonly namespace?: string;
  /** Asked before every call; keeps its own cache. `fresh`: the server refused the last ones (401). */
  readonly credentials: (fresh?: boolean) => Promise<Credentials>;
}

/** No way to a cluster is known; the message says what to do. */
export class NoClusterAccess extends Error {
  override readonly name = "NoClusterAccess";
}

export function sameTls(one: TlsMaterial, other: TlsMaterial): boolean {
  return (
    one.ca === other.ca &&
    one.cert === other.cert &&
    one.key === other.key &&
    one.servername === other.servername &&
    one.rejectUnauthorized === other.rejectUnauthorized
  );
}

/** How long credentials are used before they are read again: tokens and certificates rotate. */
const CREDENTIALS_LAST_MS = 10_000;

/** Keeps what was read for a while; one reading at a time. */
export function cacheCredentials(
  read: (fresh: boolean) => Promise<Credentials>,
  nowMs: () => number = () => performance.now(),
): ClusterAccess["credentials"] {
  let known: { readonly readAtMs: number; readonly credentials: Promise<Credentials> } | undefined;
  return (fresh = false) => {
    if (!fresh && known !== undefined && nowMs() - known.readAtMs < CREDENTIALS_LAST_MS) return known.credentials;
    const reading = { readAtMs: nowMs(), credentials: read(fresh) };
    known = reading;
    reading.credentials.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading.credentials;
  };
}
