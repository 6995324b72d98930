import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { tableInDump } from "./proxy-tables.ts";

const table = { role: "outbound", generation: 7n, deployments: [] } as const;

/** As Envoy writes a filter that came by ECDS. */
function filter(name: string, typedConfig: unknown): unknown {
  return {
    "@type": "type.googleapis.com/x",
    ecds_filter: { "@type": "type.googleapis.com/y", name, typed_config: typedConfig },
  };
}

test("a table is found in a configuration dump by the filter's name, and its absence too", () => {
  const value = Buffer.from(encodeRouteTable(table)).toString("base64");
  const configs = [
    filter("graphway.inbound", { config: { configuration: { value: "" } } }),
    filter("graphway.outbound", { config: { name: "graphway.outbound", configuration: { value } } }),
    filter("other", {}),
  ];
  const dump = JSON.stringify({ configs });
  assert.equal(tableInDump(dump, "graphway.outbound")?.generation, 7n);
  for (const name of ["other", "graphway.gateway"]) assert.equal(tableInDump(dump, name), undefined);
  assert.equal(tableInDump("{}", "graphway.outbound"), undefined);
  assert.throws(() => tableInDump(dump, "graphway.inbound"));
});
