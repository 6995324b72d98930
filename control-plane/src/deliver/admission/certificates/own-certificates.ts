import { sleep, type Clock } from "../../../kubernetes-api/clock.ts";
import { ApiError, type ApiClient } from "../../../kubernetes-api/api-client.ts";
import type { KubernetesObject, ObjectKey } from "../../../kubernetes-api/object.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { decideCertificate, type StoredCertificate } from "./certificate-step.ts";
import { issueCertificate, type CertificateRequest } from "./issue.ts";
import type { CertificateSource, CertificateWatcher } from "./certificate-source.ts";
import { keepLooking } from "./keep-looking.ts";
import type { CertificatePair } from "./pair.ts";
import { publishAuthorities } from "./publish-authorities.ts";

export interface OwnCertificateOptions extends CertificateWatcher {
  readonly api: ApiClient;
  readonly clock: Clock;
  /** Where the certificate is kept; replicas share it. */
  readonly secret: ObjectKey;
  readonly labels?: Readonly<Record<string, string>>;
  /** Name of the ValidatingWebhookConfiguration that is to trust it. */
  readonly configuration: string;
  /** `<service>.<namespace>.svc`. */
  readonly dnsNames: readonly string[];
  /** Default 90 days; replaced after two thirds of it. */
  readonly lifetimeMs?: number;
  /** How long an authority is trusted after its certificate was replaced. Default a day. */
  readonly overlapMs?: number;
  /** How often all of it is looked at. Default a minute. */
  readonly checkEveryMs?: number;
  /** How long API servers have to hear of a new authority before its certificate is served. Default 5 s. */
  readonly settleMs?: number;
}

const DAY_MS = 86_400_000;
const DEFAULTS = { lifetimeMs: 90 * DAY_MS, overlapMs: DAY_MS, checkEveryMs: 60_000, settleMs: 5_000 };
/** First wait after a failure; doubled up to the usual wait between checks. */
const FIRST_RETRY_MS = 1_000;
/** Other replicas may write at the same time; more often than this is no coincidence. */
const MOST_CONFLICTS = 5;

/**
 * Keeps a certificate of our own making in a Secret and its authority in the webhook's configuration. Every replica
 * does the same; whoever writes first wins, and the others take what is there. A new authority is published before its
 * certificate is served, and the old one stays until no replica can serve its certificate. Resolves with the first
 * certificate; until then it goes on trying.
 */
export async function startOwnCertificates(options: OwnCertificateOptions): Promise<CertificateSource> {
  const settings = { ...DEFAULTS, ...options };
  const { clock, onProblem } = settings;
  let served: CertificatePair | undefined;

  return keepLooking(async (found, ended) => {
    let retryMs = FIRST_RETRY_MS;
    while (!ended.aborted) {
      let waitMs = settings.checkEveryMs * (0.75 + clock.random() / 2);
      try {
        await turn(found, ended);
        retryMs = FIRST_RETRY_MS;
      } catch (error) {
        onProblem(error instanceof Error ? error : new Error(String(error)));
        waitMs = Math.min(retryMs, settings.checkEveryMs);
        retryMs *= 2;
      }
      await sleep(clock, waitMs, ended);
    }
  }, options.signal);

  async function turn(found: (first: CertificatePair) => void, ended: AbortSignal): Promise<void> {
    const stored = await readOrIssue(settings);
    const pair = { certificate: stored.certificate, key: stored.key };
    if (served === undefined) {
      served = pair;
      // Whoever serves says that it is ready, so API servers must trust it by then; one that can't publish serves too.
      await publishAuthorities(settings, stored.authorities).finally(() => {
        found(pair);
      });
      return;
    }
    const isNew = pair.certificate !== served.certificate || pair.key !== served.key;
    await publishAuthorities(settings, stored.authorities);
    if (!isNew) return;
    await sleep(clock, settings.settleMs, ended);
    if (ended.aborted) return;
    served = pair;
    settings.onPair(pair);
  }
}

type Settings = Required<Omit<OwnCertificateOptions, "labels" | "signal" | "onPair" | "onProblem">> &
  Pick<OwnCertificateOptions, "labels">;

/** What the Secret holds when it is good, after as many writes as that takes. */
async function readOrIssue(settings: Settings): Promise<StoredCertificate> {
  for (let conflicts = 0; conflicts <= MOST_CONFLICTS; conflicts += 1) {
    const secret = await settings.api.get(RESOURCE.secret, settings.secret);
    const rules = { ...settings, nowMs: settings.clock.nowMs() };
    const step = decideCertificate(secret === undefined ? undefined : readSecret(secret), rules);
    if (step.kind === "serve") return step.stored;
    const next = step.kind === "trim" ? step.stored : await issue(step.authorities, rules);
    if (await write(settings, secret, next)) return next;
  }
  throw new Error(`the Secret ${settings.secret.name} changes faster than it can be written`);
}

async function issue(trusted: string, request: CertificateRequest): Promise<StoredCertificate> {
  const { authority, certificate, key } = await issueCertificate(request);
  return { certificate, key, authorities: authority + trusted };
}

/** False when another replica was faster. */
async function write(
  { api, secret: key, labels }: Settings,
  secret: KubernetesObject | undefined,
  stored: StoredCertificate,
): Promise<boolean> {
  const data = writeData(stored);
  try {
    if (secret !== undefined) {
      await api.replace(RESOURCE.secret, { ...secret, data: { ...dataOf(secret), ...data } });
      return true;
    }
    await api.create(RESOURCE.secret, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { ...key, ...(labels === undefined ? {} : { labels }) },
      type: "kubernetes.io/tls",
      data,
    });
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 409 || error.status === 404)) return false;
    throw error;
  }
}

function readSecret(secret: KubernetesObject): StoredCertificate {
  const data = dataOf(secret);
  const read = (name: string): string => {
    const value = data[name];
    return typeof value === "string" ? Buffer.from(value, "base64").toString() : "";
  };
  return { certificate: read("tls.crt"), key: read("tls.key"), authorities: read("ca.crt") };
}

function dataOf(secret: KubernetesObject): Readonly<Record<string, unknown>> {
  const data = secret["data"];
  return typeof data === "object" && data !== null ? { ...data } : {};
}

function writeData({ certificate, key, authorities }: StoredCertificate): Readonly<Record<string, string>> {
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  return { "tls.crt": encode(certificate), "tls.key": encode(key), "ca.crt": encode(authorities) };
}
