import protobuf from "protobufjs/light.js";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";

interface ClusterFields {
  readonly name?: string;
  readonly type?: number;
  readonly eds_cluster_config?: {
    readonly service_name?: string;
    readonly eds_config?: { readonly ads?: object | null };
  };
}

const EDS = 3;

/** What is read of a cluster, and nothing else: thousands are looked at in a cold start. */
const CLUSTER: protobuf.Type = protobuf.Root.fromJSON({
  nested: {
    Cluster: {
      fields: {
        name: { type: "string", id: 1 },
        type: { type: "int32", id: 2 },
        eds_cluster_config: { type: "EdsClusterConfig", id: 3 },
      },
    },
    EdsClusterConfig: {
      fields: { eds_config: { type: "ConfigSource", id: 1 }, service_name: { type: "string", id: 2 } },
    },
    ConfigSource: { fields: { ads: { type: "AggregatedConfigSource", id: 3 } } },
    AggregatedConfigSource: { fields: {} },
  },
}).lookupType("Cluster");

const known = new WeakMap<EncodedResource, { readonly name: string | undefined }>();

/** The endpoints a cluster fetches over the same stream before it takes traffic; undefined when it fetches none there. */
export function endpointsAwaitedBy(cluster: EncodedResource): string | undefined {
  const found = known.get(cluster) ?? { name: read(cluster) };
  known.set(cluster, found);
  return found.name;
}

function read(cluster: EncodedResource): string | undefined {
  const fields = fieldsOf(cluster);
  const config = fields?.eds_cluster_config;
  if (fields?.type !== EDS || !config?.eds_config?.ads) return undefined;
  return config.service_name === undefined || config.service_name === "" ? fields.name : config.service_name;
}

/** Undefined for what is no cluster: to refuse those is the client's part. */
function fieldsOf({ typeUrl, bytes }: EncodedResource): ClusterFields | undefined {
  if (typeUrl !== TYPE.cluster) return undefined;
  try {
    return CLUSTER.decode(bytes) as ClusterFields;
  } catch {
    return undefined;
  }
}
