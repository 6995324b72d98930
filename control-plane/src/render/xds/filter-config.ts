import type { XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** Where our filter runs; each role has a name, a subscription and a Wasm VM of its own. */
export type FilterRole = "gateway" | "outbound" | "inbound";

/** The filter's code: inside the resource, or a file on Envoy's own machine. */
export type WasmSource = { readonly inlineBytes: Uint8Array } | { readonly filename: string };

/** Name of the HTTP filter, of its ECDS resource and of its VM. */
export function filterName(role: FilterRole): string {
  return `graphway.${role}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/**
 * The filter with its route table, for ECDS. `FAIL_OPEN`: after a trap requests take Envoy's own weighted routes until
 * the next table revives the filter. One `vm_id` per role, because a VM keeps one table.
 */
export function renderFilterConfig(role: FilterRole, table: Uint8Array, wasm: WasmSource): XdsResource {
  const name = filterName(role);
  const local = "filename" in wasm ? { filename: wasm.filename } : { inline_bytes: base64(wasm.inlineBytes) };
  const config = {
    name,
    root_id: "",
    failure_policy: "FAIL_OPEN",
    vm_config: { vm_id: name, runtime: "envoy.wasm.runtime.v8", code: { local } },
    configuration: { "@type": TYPE.bytes, value: base64(table) },
  };
  return { typeUrl: TYPE.filterConfig, name, body: { name, typed_config: { "@type": TYPE.wasm, config } } };
}
