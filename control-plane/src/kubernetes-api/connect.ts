import { NoClusterAccess, type ClusterAccess } from "./cluster-access.ts";
import { createApiClient, type ApiClientOptions, type OpenApiClient } from "./create-api-client.ts";
import { findPodAccess } from "./in-cluster.ts";
import { kubeconfigPaths, openKubeconfig } from "./kubeconfig.ts";

export interface ClusterChoice {
  /** Path of a kubeconfig file. Default: KUBECONFIG, else the pod's service account, else `~/.kube/config`. */
  readonly kubeconfig?: string;
  /** A context of the kubeconfig. Default: its current one. */
  readonly context?: string;
}

/**
 * Opens a client of the cluster that is meant. Does not talk to it yet.
 * @throws NoClusterAccess when there is none; the message says what to do
 */
export async function connectToCluster(
  choice: ClusterChoice = {},
  options: Omit<ApiClientOptions, "access"> = {},
): Promise<OpenApiClient> {
  return createApiClient({ ...options, access: await findClusterAccess(choice) });
}

/** Where the cluster is that is meant. */
export async function findClusterAccess(
  choice: ClusterChoice = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<ClusterAccess> {
  if (choice.kubeconfig !== undefined) return openKubeconfig([choice.kubeconfig], choice.context);
  const wantsFile = Boolean(env["KUBECONFIG"]) || choice.context !== undefined;
  const pod = wantsFile ? undefined : await findPodAccess(env);
  if (pod !== undefined) return pod;
  try {
    return await openKubeconfig(kubeconfigPaths(env), choice.context);
  } catch (error) {
    if (wantsFile || !(error instanceof NoClusterAccess)) throw error;
    throw new NoClusterAccess(
      `no cluster to talk to: ${error.message}, and this is no pod; set KUBECONFIG or give --kubeconfig`,
      { cause: error },
    );
  }
}
