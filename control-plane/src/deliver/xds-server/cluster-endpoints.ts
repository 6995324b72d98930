import type { EncodedResource } from "../../render/xds/resource.ts";
import { messageOfTypeUrl } from "../../render/xds/schema.ts";

interface ClusterFields {
  readonly name: string;
  readonly type?: number;
  readonly eds_cluster_config?: {
    readonly service_name?: string;
    readonly eds_config?: { readonly ads?: object | null };
  };
}

const EDS = 3;
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

/** Undefined for bytes that are no cluster: to refuse those is the client's part. */
function fieldsOf({ typeUrl, bytes }: EncodedResource): ClusterFields | undefined {
  try {
    return messageOfTypeUrl(typeUrl)?.decode(bytes) as ClusterFields | undefined;
  } catch {
    return undefined;
  }
}
