import assert from "node:assert/strict";
import { decodeRouteTable } from "#proto/route-table/decode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { openStream, type TestStream } from "../../../deliver/xds-server/client-for-tests.ts";
import { XDS_METHODS } from "../../../deliver/xds-server/services.ts";
import type { ControlPlane } from "../control-plane.ts";

const METHOD = XDS_METHODS.find((one) => one.method === "DeltaExtensionConfigs");

/** Asks for a filter as a proxy of Istio does, with an Envoy 1.40 or another. */
export function askAsProxy(
  { xdsAddress }: Pick<ControlPlane, "xdsAddress">,
  id: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
  envoyMinor = 40,
): TestStream {
  assert.ok(METHOD);
  const stream = openStream(xdsAddress.replace("0.0.0.0", "127.0.0.1"), METHOD);
  const fields = Object.fromEntries(Object.entries(labels).map(([key, stringValue]) => [key, { stringValue }]));
  const metadata = { fields: { LABELS: { structValue: { fields } } } };
  const version = { majorNumber: 1, minorNumber: envoyMinor, patch: 0 };
  const node = { id, metadata, userAgentName: "envoy", userAgentBuildVersion: { version } };
  stream.send({ node, resourceNamesSubscribe: [name] });
  return stream;
}

/** The first bytes of a table: those of its magic, `GWRT`. */
const MAGIC = "GWRT";

/** The table in an encoded filter: it stands last, after the filter's code. */
export function tableIn(body: Uint8Array): RouteTable {
  const bytes = Buffer.from(body);
  const at = bytes.lastIndexOf(MAGIC);
  assert.ok(at >= 0, "no table");
  const length = bytes.readUInt32LE(at + 8);
  const decoded = decodeRouteTable(bytes.subarray(at, at + length));
  assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
  return decoded.table;
}
