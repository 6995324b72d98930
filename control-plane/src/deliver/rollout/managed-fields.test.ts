import assert from "node:assert/strict";
import { test } from "node:test";
import { migrateManagers, needsManagedFields } from "./managed-fields.ts";

function entry(
  manager: string,
  operation: string,
  fieldsV1: object,
  more: object = {},
): Readonly<Record<string, unknown>> {
  return { manager, operation, apiVersion: "apps/v1", fieldsType: "FieldsV1", fieldsV1, ...more };
}

const status = entry("kube-controller-manager", "Update", { "f:status": {} }, { subresource: "status" });
const spec = { "f:spec": { "f:replicas": {}, "f:template": { "f:spec": {} } } };

test("fields of Seldon's operator become ours, others stay with whom they are", () => {
  const theirs = entry("manager", "Update", spec, { time: "2024-01-01T00:00:00Z" });
  const [check, change] = migrateManagers([theirs, status]) ?? [];
  assert.deepEqual(check, { op: "test", path: "/metadata/managedFields", value: [theirs, status] });
  const ours = entry("graphway", "Apply", spec, { time: "2024-01-01T00:00:00Z" });
  assert.deepEqual(change, { op: "replace", path: "/metadata/managedFields", value: [ours, status] });
});

test("what we own already is kept together with it", () => {
  const ours = entry("graphway", "Apply", { "f:metadata": { "f:labels": {} }, "f:spec": { "f:selector": {} } });
  const [, change] = migrateManagers([ours, entry("manager", "Update", spec)]) ?? [];
  const [merged, ...rest] = (change?.["value"] ?? []) as readonly Readonly<Record<string, unknown>>[];
  assert.deepEqual(rest, []);
  assert.deepEqual(merged?.["fieldsV1"], {
    "f:metadata": { "f:labels": {} },
    "f:spec": { "f:selector": {}, "f:replicas": {}, "f:template": { "f:spec": {} } },
  });
});

test("a template that stays as it is stays with Seldon's operator, and is taken when pods roll", () => {
  const theirs = entry("manager", "Update", { "f:metadata": { "f:labels": {} }, ...spec });
  const [, first] = migrateManagers([status, theirs], true) ?? [];
  const others = { "f:metadata": { "f:labels": {} }, "f:spec": { "f:replicas": {} } };
  const template = entry("manager", "Update", { "f:spec": { "f:template": { "f:spec": {} } } });
  assert.deepEqual(first?.["value"], [entry("graphway", "Apply", others), template, status]);
  assert.equal(migrateManagers([entry("graphway", "Apply", others), template], true), undefined);
  const [, second] = migrateManagers([entry("graphway", "Apply", others), template]) ?? [];
  const whole = { "f:metadata": { "f:labels": {} }, ...spec };
  assert.deepEqual(second?.["value"], [entry("graphway", "Apply", whole)]);
});

test("nothing to migrate: its status updates, other managers, nobody", () => {
  const seldonStatus = entry("manager", "Update", { "f:status": {} }, { subresource: "status" });
  for (const fields of [[], [status], [seldonStatus], [entry("kubectl-edit", "Update", spec)]]) {
    assert.equal(migrateManagers(fields), undefined);
  }
});

test("caches keep managed fields of what is not ours yet", () => {
  const [owner, other] = ["SeldonDeployment", "Shop"].map((kind) => {
    return { apiVersion: "example.com/v1", kind, name: "x", uid: "u", controller: true };
  });
  assert.ok(owner && other);
  const object = (metadata: object): boolean =>
    needsManagedFields({ apiVersion: "v1", kind: "Service", metadata: { name: "x", ...metadata } });
  assert.equal(object({ ownerReferences: [owner] }), true);
  assert.equal(object({ ownerReferences: [owner], annotations: { "graphway.dev/hash": "x" } }), false);
  const adopted = { "graphway.dev/hash": "x", "graphway.dev/adopted-template": "y" };
  assert.equal(object({ ownerReferences: [owner], annotations: adopted }), true);
  assert.equal(object({ ownerReferences: [other] }), false);
  assert.equal(object({}), false);
});
