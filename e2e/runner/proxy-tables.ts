import assert from "node:assert/strict";
import { Client, credentials, Metadata, type StatusObject } from "@grpc/grpc-js";
import { envoy } from "#proto/gen/discovery.js";
import { decodeRouteTable } from "#proto/route-table/decode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;

const METHOD = "/envoy.service.extension.v3.ExtensionConfigDiscoveryService/DeltaExtensionConfigs";
const DEADLINE_MS = 90_000;

/** What somebody who asks the control plane for a filter says. */
export interface Asked {
  /** `host:port` to connect to, and what to say in `:authority`. */
  readonly address: string;
  readonly authority: string;
  /** As whom: the node's id. */
  readonly id: string;
  /** Name of the filter. */
  readonly filter: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came of it: resources by name, or how the stream ended. */
export type Told = { readonly names: readonly string[] } | Pick<StatusObject, "code" | "details">;

/** Asks the control plane for a filter as a proxy would. */
export async function askForFilter({ address, authority, id, filter, headers = {} }: Asked): Promise<Told> {
  const client = new Client(address, credentials.createInsecure(), { "grpc.default_authority": authority });
  const same = (bytes: Buffer): Buffer => bytes;
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const call = client.makeBidiStreamRequest(METHOD, same, same, metadata, { deadline: Date.now() + DEADLINE_MS });
  try {
    return await new Promise<Told>((resolve) => {
      call.on("data", (bytes: Buffer) => {
        resolve({ names: DeltaDiscoveryResponse.decode(bytes).resources.map(({ name }) => name ?? "") });
      });
      call.on("error", () => undefined); // the status tells
      call.on("status", resolve);
      const asked = { node: { id }, resourceNamesSubscribe: [filter] };
      call.write(Buffer.from(DeltaDiscoveryRequest.encode(asked).finish()));
    });
  } finally {
    call.cancel();
    client.close();
  }
}

/** The table of a filter in what Envoy's admin address says of `/config_dump?resource=ecds_filters`; undefined: none has come yet. */
export function tableInDump(dump: string, filter: string): RouteTable | undefined {
  const { configs = [] } = JSON.parse(dump) as {
    readonly configs?: readonly { readonly ecds_filter?: EcdsFilter }[];
  };
  const found = configs.map(({ ecds_filter }) => ecds_filter).find((one) => one?.name === filter);
  const value = found?.typed_config?.config?.configuration?.value;
  if (value === undefined) return undefined;
  const decoded = decodeRouteTable(Buffer.from(value, "base64"));
  assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
  return decoded.table;
}

interface EcdsFilter {
  readonly name: string;
  readonly typed_config?: { readonly config?: { readonly configuration?: { readonly value?: string } } };
}
