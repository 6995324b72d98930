import type { ServiceDefinition } from "@grpc/grpc-js";
import { TYPE } from "../../render/xds/type-urls.ts";

export type XdsVariant = "sotw" | "delta";

/** One streaming method of one service. */
export interface XdsMethod {
  readonly service: string;
  readonly method: string;
  readonly variant: XdsVariant;
  /** The type the service stands for; undefined: any, named in every request. */
  readonly typeUrl: string | undefined;
}

/** Services besides ADS: an `api_config_source` that does not aggregate dials the service of its type. */
const PER_TYPE = [
  { service: "envoy.service.cluster.v3.ClusterDiscoveryService", noun: "Clusters", typeUrl: TYPE.cluster },
  { service: "envoy.service.endpoint.v3.EndpointDiscoveryService", noun: "Endpoints", typeUrl: TYPE.endpoints },
  { service: "envoy.service.listener.v3.ListenerDiscoveryService", noun: "Listeners", typeUrl: TYPE.listener },
  { service: "envoy.service.route.v3.RouteDiscoveryService", noun: "Routes", typeUrl: TYPE.routeConfiguration },
  {
    service: "envoy.service.extension.v3.ExtensionConfigDiscoveryService",
    noun: "ExtensionConfigs",
    typeUrl: TYPE.filterConfig,
  },
] as const;

const ADS = "envoy.service.discovery.v3.AggregatedDiscoveryService";

/** Every method the server answers. */
export const XDS_METHODS: readonly XdsMethod[] = [
  { service: ADS, method: "StreamAggregatedResources", variant: "sotw", typeUrl: undefined },
  { service: ADS, method: "DeltaAggregatedResources", variant: "delta", typeUrl: undefined },
  ...PER_TYPE.flatMap(({ service, noun, typeUrl }): XdsMethod[] => [
    { service, method: `Stream${noun}`, variant: "sotw", typeUrl },
    { service, method: `Delta${noun}`, variant: "delta", typeUrl },
  ]),
];

/** The definition of one method for grpc-js; messages stay bytes. */
export function serviceDefinition({ service, method }: XdsMethod): ServiceDefinition {
  const pass = (bytes: Buffer): Buffer => bytes;
  return {
    [method]: {
      path: `/${service}/${method}`,
      requestStream: true,
      responseStream: true,
      requestSerialize: pass,
      requestDeserialize: pass,
      responseSerialize: pass,
      responseDeserialize: pass,
    },
  };
}
