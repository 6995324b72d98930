import assert from "node:assert/strict";
import { test } from "node:test";
import { renderClusters } from "./cluster.ts";
import { clusterBackends } from "./cluster-backends.ts";
import { DEFAULT_XDS_OPTIONS } from "./options.ts";
import { explained, planFor } from "./plans-for-tests.ts";

/** What an EDS cluster asks for. */
function edsName({ body, name }: ReturnType<typeof renderClusters>[number]): string | undefined {
  if (body["type"] !== "EDS") return undefined;
  return (body["eds_cluster_config"] as { readonly service_name?: string }).service_name ?? name;
}

test("there is a backend for everything that clusters ask endpoints for, and for nothing else", () => {
  const plans = [
    planFor("plain", { main: 1 }),
    planFor("many", { a: 1, b: 1, c: 0 }, { copy: 100 }, { fallback: ["b", "a"] }),
    explained(planFor("wise", { main: 1, other: 2 })),
  ];
  for (const plan of plans) {
    const asked = renderClusters([plan], DEFAULT_XDS_OPTIONS).flatMap((one) => edsName(one) ?? []);
    const known = clusterBackends(plan).map(({ cluster }) => cluster);
    assert.deepEqual(new Set(known), new Set(asked));
    assert.equal(new Set(known).size, known.length);
  }
});

test("a backend names a Service and its port", () => {
  assert.deepEqual(clusterBackends(explained(planFor("wise", { main: 1 }))), [
    { cluster: "seldon/wise/main/http", service: { namespace: "seldon", name: "wise-main" }, port: 8000 },
    { cluster: "seldon/wise/main/grpc", service: { namespace: "seldon", name: "wise-main" }, port: 5001 },
    {
      cluster: "seldon/wise/main/explainer",
      service: { namespace: "seldon", name: "wise-main-explainer" },
      port: 9000,
    },
  ]);
});
