import {
  createApiClient,
  type ApiClientOptions,
  type OpenApiClient,
} from "../../src/kubernetes-api/create-api-client.ts";
import { connectToCluster } from "../../src/kubernetes-api/connect.ts";

/** Which API server is meant: one by its URL, or the one of KUBECONFIG. */
export type ServerChoice = { readonly url: string } | "kubeconfig";

export function connectTo(server: ServerChoice, options: Omit<ApiClientOptions, "access">): Promise<OpenApiClient> {
  if (server === "kubeconfig") return connectToCluster({}, options);
  const access = { server: server.url, credentials: () => Promise.resolve({ headers: {}, tls: {} }) };
  return Promise.resolve(createApiClient({ ...options, access }));
}
