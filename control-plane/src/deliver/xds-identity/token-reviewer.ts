import { createHash } from "node:crypto";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";

/** Whose a token is, as the API server says. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
  /** The pod that the token was made for, where it was made for one. */
  readonly pod: string | undefined;
}

/** Asks whose a token is; undefined: nobody's, or not for our audience. Rejects when the API server can't say. */
export type TokenReviewer = (token: string) => Promise<ServiceAccount | undefined>;

export interface TokenReviewerOptions {
  readonly client: Pick<ApiClient, "create">;
  readonly audience: string;
  /** How long an answer counts. Default 60 s for a yes, 10 s for a no. */
  readonly goodForMs?: number;
  readonly badForMs?: number;
  /** Answers that are remembered; the oldest go first. Default 20,000. */
  readonly remembers?: number;
  /** Monotonic milliseconds. */
  readonly nowMs?: () => number;
}

interface Verdict {
  readonly answer: Promise<ServiceAccount | undefined>;
  untilMs: number;
}

/** A service-account token has about 1 kB. */
const LONGEST_TOKEN_CHARACTERS = 16_384;

/** A reviewer that asks once per token and while; tokens are remembered by their hash only. */
export function createTokenReviewer(options: TokenReviewerOptions): TokenReviewer {
  const { client, audience, goodForMs = 60_000, badForMs = 10_000, remembers = 20_000 } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const verdicts = new Map<string, Verdict>();

  function remember(hash: string, verdict: Verdict): void {
    verdicts.delete(hash);
    verdicts.set(hash, verdict);
    for (const oldest of verdicts.keys()) {
      if (verdicts.size <= remembers) break;
      verdicts.delete(oldest);
    }
  }

  return async (token) => {
    if (token === "" || token.length > LONGEST_TOKEN_CHARACTERS) return undefined;
    const hash = createHash("sha256").update(token).digest("base64");
    const known = verdicts.get(hash);
    if (known !== undefined && known.untilMs > nowMs()) return known.answer;
    const verdict: Verdict = { answer: review(client, audience, token), untilMs: Infinity };
    remember(hash, verdict);
    try {
      const account = await verdict.answer;
      verdict.untilMs = nowMs() + (account === undefined ? badForMs : goodForMs);
      return account;
    } catch (error) {
      if (verdicts.get(hash) === verdict) verdicts.delete(hash);
      throw error;
    }
  };
}

interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly audiences?: readonly string[];
  readonly user?: {
    readonly username?: string;
    readonly extra?: Readonly<Record<string, readonly string[] | undefined>>;
  };
}

async function review(
  client: Pick<ApiClient, "create">,
  audience: string,
  token: string,
): Promise<ServiceAccount | undefined> {
  const { apiVersion, kind } = RESOURCE.tokenReview;
  const question: KubernetesObject = {
    apiVersion,
    kind,
    metadata: { name: "" },
    spec: { token, audiences: [audience] },
  };
  const answer = await client.create(RESOURCE.tokenReview, question);
  const { authenticated, audiences, user } = (answer["status"] ?? {}) as TokenReviewStatus;
  // An API server that knows no audiences says none: its yes is not for us.
  if (authenticated !== true || audiences?.includes(audience) !== true) return undefined;
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user?.username ?? "") ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return { namespace, name, pod: user?.extra?.["authentication.kubernetes.io/pod-name"]?.[0] };
}
