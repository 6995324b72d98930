import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { cacheCredentials, type ClusterAccess, type Credentials } from "./cluster-access.ts";

/** Where kubelet puts a pod's token, CA and namespace. */
const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

/** The access that a pod has by its service account; undefined outside of a cluster. */
export async function findPodAccess(
  env: Readonly<Record<string, string | undefined>> = process.env,
  folder = SERVICE_ACCOUNT_FOLDER,
): Promise<ClusterAccess | undefined> {
  const host = env["KUBERNETES_SERVICE_HOST"];
  const port = env["KUBERNETES_SERVICE_PORT"];
  if (!host || !port || !existsSync(join(folder, "token"))) return undefined;
  const namespace = await readText(join(folder, "namespace")).catch(() => undefined);
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    ...(namespace ? { namespace } : {}),
    credentials: cacheCredentials(() => readCredentials(folder)),
  };
}

async function readCredentials(folder: string): Promise<Credentials> {
  const [token, ca] = await Promise.all([readText(join(folder, "token")), readText(join(folder, "ca.crt"))]);
  return { headers: { authorization: `Bearer ${token}` }, tls: { ca } };
}

async function readText(path: string): Promise<string> {
  return (await readFile(path, "utf8")).trim();
}
