import type { JsonObject, XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** A process that answers: an IP address and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Where endpoints say which predictor they are: `%UPSTREAM_METADATA(graphway:predictor)%`. */
export const ENDPOINT_METADATA = { namespace: "graphway", key: "predictor" } as const;

/**
 * So high that one pod that is left counts as enough. With Envoy's 1.4 requests would go to the predictors that stand in
 * as soon as three pods in ten are ejected, and to ejected pods when half of them are.
 */
const OVERPROVISIONING_PERCENT = 1_000_000;

function lbEndpoint({ address, port }: Endpoint, metadata: JsonObject): JsonObject {
  return { endpoint: { address: { socket_address: { address, port_value: port } } }, metadata };
}

/** The predictor in `<namespace>/<deployment>/<predictor>/<kind>`. */
function predictorOf(clusterName: string): string {
  return clusterName.split("/")[2] ?? "";
}

/** The endpoints of a cluster. None is an answer too: Envoy then says 503 at once instead of waiting. */
export function renderEndpoints(clusterName: string, endpoints: readonly Endpoint[]): XdsResource {
  const { namespace, key } = ENDPOINT_METADATA;
  const metadata = { filter_metadata: { [namespace]: { [key]: predictorOf(clusterName) } } };
  const localities =
    endpoints.length === 0 ? [] : [{ lb_endpoints: endpoints.map((one) => lbEndpoint(one, metadata)) }];
  return {
    typeUrl: TYPE.endpoints,
    name: clusterName,
    body: {
      cluster_name: clusterName,
      endpoints: localities,
      policy: { overprovisioning_factor: OVERPROVISIONING_PERCENT },
    },
  };
}
