import { ApiError, type ApiClient } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { CredentialSource, SecretFacts } from "../../plan/workloads/server/download-credentials.ts";

export interface DownloadSecretsOptions {
  readonly client: Pick<ApiClient, "get">;
  /** How long what was read counts. Default a minute. */
  readonly freshForMs?: number;
  /** Monotonic milliseconds. */
  readonly nowMs?: () => number;
  /** Told of what may not be read; there are no credentials then. */
  readonly onForbidden?: (serviceAccount: string, error: ApiError) => void;
}

/**
 * Secrets for model downloads that service accounts list, read when a plan asks for them: only the names of their entries and their
 * annotations are kept, never a value.
 */
export interface DownloadSecrets {
  /**
   * Plans, and where the plan asked for a service account that is not known, or not any more, reads it and plans again.
   * Throws what the API server said.
   */
  planWith<T>(namespace: string, plan: (source: CredentialSource) => T): Promise<T>;
  /** By what is known already. */
  known(namespace: string): CredentialSource;
}

interface Known {
  readonly secrets: readonly SecretFacts[];
  readonly atMs: number;
}

const MOST_REMEMBERED = 10_000;

export function createDownloadSecrets(options: DownloadSecretsOptions): DownloadSecrets {
  const { client, freshForMs = 60_000 } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const accounts = new Map<string, Known>();

  async function readSecret(namespace: string, name: string): Promise<SecretFacts | undefined> {
    const secret = await client.get(RESOURCE.secret, { namespace, name });
    return secret === undefined ? undefined : factsOf(secret);
  }

  async function readAccount(namespace: string, name: string): Promise<readonly SecretFacts[]> {
    try {
      const account = await client.get(RESOURCE.serviceAccount, { namespace, name });
      const names = secretsOf(account);
      const found = await Promise.all(names.map((one) => readSecret(namespace, one)));
      return found.filter((one) => one !== undefined);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      options.onForbidden?.(`${namespace}/${name}`, error);
      return [];
    }
  }

  async function load(namespace: string, name: string): Promise<void> {
    const key = `${namespace}/${name}`;
    const secrets = await readAccount(namespace, name);
    accounts.delete(key);
    accounts.set(key, { secrets, atMs: nowMs() });
    const [oldest] = accounts.keys();
    if (accounts.size > MOST_REMEMBERED && oldest !== undefined) accounts.delete(oldest);
  }

  const known = (namespace: string): CredentialSource => {
    return (serviceAccount) => accounts.get(`${namespace}/${serviceAccount}`)?.secrets ?? [];
  };

  return {
    known,
    async planWith(namespace, plan) {
      const asked = new Set<string>();
      const first = plan((serviceAccount) => {
        asked.add(serviceAccount);
        return known(namespace)(serviceAccount);
      });
      const stale = [...asked].filter((name) => {
        const found = accounts.get(`${namespace}/${name}`);
        return found === undefined || nowMs() - found.atMs > freshForMs;
      });
      if (stale.length === 0) return first;
      await Promise.all(stale.map((name) => load(namespace, name)));
      return plan(known(namespace));
    },
  };
}

function secretsOf(account: KubernetesObject | undefined): readonly string[] {
  const { secrets } = (account ?? {}) as { readonly secrets?: readonly { readonly name?: string }[] };
  return (secrets ?? []).flatMap(({ name }) => name ?? []);
}

function factsOf({ metadata, data }: KubernetesObject): SecretFacts {
  const keys = Object.keys(data ?? {});
  return {
    name: metadata.name,
    keys,
    ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
  };
}
