import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeRouteTable } from "#proto/route-table/decode.ts";
import { DEFAULT_ISTIO_INSTALLATION } from "../../control-plane/src/render/istio/installation/options.ts";
import { planFor } from "../../control-plane/src/render/xds/plans-for-tests.ts";
import { renderIstiodTables } from "./istiod-tables.ts";

const INSTALLATION = { ...DEFAULT_ISTIO_INSTALLATION, delivery: "istiod" } as const;

test("every role of an installation gets its filter with a table that the filter takes", () => {
  const plans = [planFor("iris", { main: 3, canary: 1 })];
  const { value, problems } = renderIstiodTables(
    { ...INSTALLATION, sidecars: { ports: [8000] } },
    plans,
    Uint8Array.of(1),
  );
  assert.deepEqual(problems, []);
  const names = value.map((one) => (one["metadata"] as { readonly name: string }).name);
  assert.deepEqual(names, ["graphway-gateway-table", "graphway-outbound-table", "graphway-inbound-table"]);
  for (const one of value) {
    const [, base64 = ""] =
      /"BytesValue","value":"([^"]+)"/.exec(JSON.stringify(one).replace("type.googleapis.com/google.protobuf.", "")) ??
      [];
    const decoded = decodeRouteTable(Buffer.from(base64, "base64"));
    assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
  }
});

test("roles that are not installed get none", () => {
  assert.equal(renderIstiodTables(INSTALLATION, [], Uint8Array.of(1)).value.length, 1);
});
