import type { ApiClient } from "../../control-plane/src/kubernetes-api/api-client.ts";
import { NoClusterAccess, type ClusterAccess } from "../../control-plane/src/kubernetes-api/cluster-access.ts";
import { findClusterAccess } from "../../control-plane/src/kubernetes-api/connect.ts";
import { createApiClient } from "../../control-plane/src/kubernetes-api/create-api-client.ts";
import type { ResourceType } from "../../control-plane/src/kubernetes-api/resource-types.ts";
import { UsageError } from "../words.ts";

export const ENVOY_FILTER: ResourceType = {
  apiVersion: "networking.istio.io/v1alpha3",
  kind: "EnvoyFilter",
  plural: "envoyfilters",
  namespaced: true,
};

/** A cluster, and how to get into its pods. */
export interface Reached {
  readonly client: ApiClient;
  readonly access: ClusterAccess;
}

/** Does something with the cluster that is meant. Throws UsageError when there is none. */
export async function withCluster(
  { kubeconfig, context }: { readonly kubeconfig?: string | undefined; readonly context?: string | undefined },
  work: (reached: Reached) => Promise<number>,
): Promise<number> {
  const access = await findClusterAccess({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  }).catch((error: unknown) => {
    throw error instanceof NoClusterAccess ? new UsageError(error.message, { cause: error }) : error;
  });
  const client = createApiClient({ access });
  try {
    return await work({ client, access });
  } finally {
    await client.close();
  }
}
