import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../../render/xds/resource.ts";
import { readMeshNode } from "./mesh-node.ts";

const read = (id: string, metadata: JsonObject = {}) => readMeshNode({ id, cluster: "", metadata });

test("a proxy of Istio says its namespace in its id, and its labels beside it", () => {
  const labels = { istio: "ingressgateway" };
  assert.deepEqual(read("router~10.0.0.1~gw.1.istio-system~istio-system.svc.cluster.local", { LABELS: labels }), {
    kind: "router",
    namespace: "istio-system",
    labels,
  });
  assert.deepEqual(read("sidecar~::1~caller.apps~apps.svc.cluster.local", { NAMESPACE: "apps" }), {
    kind: "sidecar",
    namespace: "apps",
    labels: undefined,
  });
});

test("who says nothing of that kind, or two things at once, is nobody", () => {
  const id = "sidecar~10.0.0.1~caller.apps~apps.svc.cluster.local";
  assert.equal(read("gateway~10.0.0.1~gw.apps~x"), undefined);
  assert.equal(read("sidecar~10.0.0.1~caller.apps"), undefined);
  assert.equal(read(`${id}~more`), undefined);
  assert.equal(read("sidecar~10.0.0.1~~x"), undefined);
  assert.equal(read("sidecar~10.0.0.1~caller.Apps/../x~x"), undefined);
  assert.equal(read(id, { NAMESPACE: "models" }), undefined);
  assert.equal(read(id, { NAMESPACE: 7 }), undefined);
  assert.equal(read(id, { LABELS: "istio=ingressgateway" }), undefined);
  assert.equal(read(id, { LABELS: { a: 1 } }), undefined);
  assert.equal(read(id, { LABELS: { a: "x".repeat(600) } }), undefined);
  assert.equal(
    read(id, { LABELS: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`l${index}`, ""])) }),
    undefined,
  );
  assert.deepEqual(read(id, { LABELS: JSON.parse('{"__proto__":"x"}') as JsonObject })?.namespace, "apps");
});
