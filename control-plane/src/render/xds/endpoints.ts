import type { JsonObject, XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** A process that answers: an IP address and a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

function lbEndpoint({ address, port }: Endpoint): JsonObject {
  return { endpoint: { address: { socket_address: { address, port_value: port } } } };
}

/** The endpoints of a cluster. None is an answer too: Envoy then says 503 at once instead of waiting. */
export function renderEndpoints(clusterName: string, endpoints: readonly Endpoint[]): XdsResource {
  const localities = endpoints.length === 0 ? [] : [{ lb_endpoints: endpoints.map(lbEndpoint) }];
  return {
    typeUrl: TYPE.endpoints,
    name: clusterName,
    body: { cluster_name: clusterName, endpoints: localities },
  };
}
