import { encodeResource } from "../../render/xds/encode.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";

/**
 * What is said of a name that was asked for and does not exist, where there is a way to say it: a cluster without endpoints.
 * Undefined means silence, which lets Envoy's own initial fetch timeout act.
 */
export function absentResource(typeUrl: string, name: string): EncodedResource | undefined {
  if (typeUrl !== TYPE.endpoints) return undefined;
  return encodeResource({ typeUrl, name, body: { cluster_name: name } });
}
