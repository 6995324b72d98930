import assert from "node:assert/strict";
import { it } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { createPolicyIndex } from "./policy-index.ts";

function policy(name: string, target: string): KubernetesObject {
  const spec = { targetRef: { kind: "SeldonDeployment", name: target } };
  return { apiVersion: "graphway.dev/v1alpha1", kind: "RoutePolicy", metadata: { name, namespace: "models" }, spec };
}

it("policies are known by their target, and follow when they change it", () => {
  const index = createPolicyIndex();
  const key = (name: string) => ({ namespace: "models", name });
  const [a, b, moved] = [policy("a", "iris"), policy("b", "iris"), policy("b", "wine")];
  assert.deepEqual(index.note(key("b"), b, undefined), ["models/iris"]);
  assert.deepEqual(index.note(key("a"), a, undefined), ["models/iris"]);
  assert.deepEqual(index.of("models/iris"), [a, b]);
  assert.deepEqual(index.note(key("b"), moved, b), ["models/wine", "models/iris"]);
  assert.deepEqual(index.of("models/iris"), [a]);
  assert.deepEqual(index.of("models/wine"), [moved]);
  assert.deepEqual(index.note(key("a"), undefined, a), ["models/iris"]);
  assert.deepEqual(index.of("models/iris"), []);
  assert.deepEqual(index.of("others/wine"), []);
});
