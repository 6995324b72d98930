import type { JsonObject } from "./resource.ts";
import { reused } from "./reused.ts";
import { TYPE } from "./type-urls.ts";

/** Where Envoy finds the rest of its configuration: the stream it already has. */
export const OVER_ADS: JsonObject = reused({ ads: {}, resource_api_version: "V3" });

/**
 * A filter whose configuration comes by ECDS under its own name. Until it comes an RBAC filter without rules stands in,
 * which lets everything pass.
 */
export function discoveredFilter(name: string, typeUrl: string): JsonObject {
  return {
    name,
    config_discovery: {
      config_source: OVER_ADS,
      default_config: { "@type": TYPE.rbac },
      apply_default_config_without_warming: true,
      type_urls: [typeUrl, TYPE.rbac],
    },
  };
}
