import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import { load } from "js-yaml";
import { cacheCredentials, NoClusterAccess, type ClusterAccess, type Credentials } from "./cluster-access.ts";

/** The kubeconfig files that kubectl would read: KUBECONFIG, else the one at home. */
export function kubeconfigPaths(env: Readonly<Record<string, string | undefined>> = process.env): readonly string[] {
  const named = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  return named.length > 0 ? named : [join(env["HOME"] || homedir() || "/", ".kube", "config")];
}

/**
 * Access by kubeconfig files (the first that says something wins), with client certificates, tokens and token files,
 * exec plugins, OIDC and basic authentication. Files are read again when the server refuses what they said.
 * @throws NoClusterAccess when they name no cluster to talk to
 */
export async function openKubeconfig(paths: readonly string[], context?: string): Promise<ClusterAccess> {
  let config = await loadFiles(paths, context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new NoClusterAccess(explainMissing(config, paths));
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return {
    server: cluster.server,
    ...(cluster.proxyUrl ? { proxyUrl: cluster.proxyUrl } : {}),
    ...(namespace ? { namespace } : {}),
    credentials: cacheCredentials(async (fresh) => {
      if (fresh) config = await loadFiles(paths, context);
      return readCredentials(config);
    }),
  };
}

function explainMissing(config: KubeConfig, paths: readonly string[]): string {
  const current = config.getCurrentContext() as string | undefined;
  const known = config.getContexts().map(({ name }) => name);
  const where = paths.join(", ");
  if (!current) return `${where} has no current context; name one with --context`;
  if (!known.includes(current)) return `${where} has no context "${current}"; it has: ${known.join(", ") || "none"}`;
  return `${where}: context "${current}" names no cluster of the file`;
}

/** client-node is big: it is loaded when a kubeconfig is read, and not in a pod. */
async function loadFiles(paths: readonly string[], context: string | undefined): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import("@kubernetes/client-node/dist/config.js");
  const parts: KubeConfig[] = [];
  for (const path of paths) {
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (paths.length > 1 && isMissing(error)) return undefined;
      throw new NoClusterAccess(isMissing(error) ? `there is no ${path}` : `${path} can't be read: ${reasonOf(error)}`);
    });
    if (text !== undefined) parts.push(readPart(new Config(), text, path));
  }
  const merged = new Config();
  merged.loadFromOptions({
    clusters: firstOfEachName(parts.flatMap((part) => part.getClusters())).map(allowPlainHttp),
    contexts: firstOfEachName(parts.flatMap((part) => part.getContexts())),
    users: firstOfEachName(parts.flatMap((part) => part.getUsers())),
    currentContext: context ?? parts.map((part) => part.getCurrentContext() as string | undefined).find(Boolean) ?? "",
  });
  return merged;
}

/** client-node refuses `http://` (of `kubectl proxy`, say) unless it is told not to look for a certificate. */
function allowPlainHttp<T extends { readonly server: string; readonly skipTLSVerify?: boolean }>(cluster: T): T {
  return cluster.server.startsWith("http:") ? { ...cluster, skipTLSVerify: true } : cluster;
}

function readPart(part: KubeConfig, text: string, path: string): KubeConfig {
  try {
    part.loadFromString(text);
    part.makePathsAbsolute(dirname(resolve(path)));
    useTokenFiles(part, text, dirname(resolve(path)));
    return part;
  } catch (error) {
    throw new NoClusterAccess(`${path} is not a kubeconfig: ${String(error)}`);
  }
}

interface RawUsers {
  readonly users?: readonly { readonly name: string; readonly user?: { readonly tokenFile?: string } }[] | null;
}

/** client-node does not know a user's `tokenFile`, but knows how to read one. */
function useTokenFiles(part: KubeConfig, text: string, folder: string): void {
  const raw = load(text) as RawUsers | null;
  const files = new Map((raw?.users ?? []).map(({ name, user }) => [name, user?.tokenFile]));
  const users = part.getUsers().map((user) => {
    const tokenFile = files.get(user.name);
    if (tokenFile === undefined || user.token) return user;
    return { ...user, authProvider: { name: "tokenFile", config: { tokenFile: resolve(folder, tokenFile) } } };
  });
  part.loadFromOptions({
    clusters: part.getClusters(),
    contexts: part.getContexts(),
    users,
    currentContext: part.getCurrentContext(),
  });
}

interface AppliedOptions {
  headers?: Readonly<Record<string, unknown>>;
  ca?: Buffer | string;
  cert?: Buffer | string;
  key?: Buffer | string;
  servername?: string;
  rejectUnauthorized?: boolean;
  auth?: string;
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const applied: AppliedOptions = {};
  await config.applyToHTTPSOptions(applied as Parameters<KubeConfig["applyToHTTPSOptions"]>[0]);
  const headers = Object.entries(applied.headers ?? {}).map(([name, value]) => {
    return [name.toLowerCase(), String(value).trim()] as const;
  });
  const basic = applied.auth === undefined ? [] : [["authorization", `Basic ${toBase64(applied.auth)}`] as const];
  return {
    headers: Object.fromEntries([...headers, ...basic]),
    tls: {
      ...(applied.ca === undefined ? {} : { ca: String(applied.ca) }),
      ...(applied.cert === undefined ? {} : { cert: String(applied.cert) }),
      ...(applied.key === undefined ? {} : { key: String(applied.key) }),
      ...(applied.servername === undefined ? {} : { servername: applied.servername }),
      ...(applied.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: applied.rejectUnauthorized }),
    },
  };
}

function toBase64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function firstOfEachName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return [...new Map(all.toReversed().map((one) => [one.name, one])).values()].reverse();
}

/** Such as EACCES; whatever else Node says of a file repeats its path. */
function reasonOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
