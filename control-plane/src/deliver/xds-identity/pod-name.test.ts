import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isPodOf } from "./pod-name.ts";

/** As Kubernetes names them: 58 characters of what is generated at most, then five of chance. */
function podNameOf(deployment: string, template: string): string {
  return `${`${deployment}-${template}-`.slice(0, 58)}abcde`;
}

describe("a pod is of a Deployment by its name", () => {
  for (const [pod, deployment, expected] of [
    ["iris-main-0-model-6d5f7-abcde", "iris-main-0-model", true],
    ["iris-main-0-model-6d5f7-abcde", "iris-main-0", false],
    ["iris-main-0-model-6d5f7-abcde", "iris-main-0-model-6d5f7", false],
    ["iris-main-0-model", "iris-main-0-model", false],
    ["iris-main-0-model-0", "iris-main-0-model", false],
    ["other-6d5f7-abcde", "iris-main-0-model", false],
    ["", "iris", false],
  ] as const)
    it(`${pod} ${expected ? "is" : "is not"} of ${deployment}`, () => {
      assert.equal(isPodOf(pod, deployment), expected);
    });

  for (let length = 40; length <= 63; length += 1)
    it(`also when the Deployment's name has ${String(length)} characters`, () => {
      const deployment = "d".repeat(length);
      assert.ok(isPodOf(podNameOf(deployment, "6d5f7c9b8d"), deployment));
      assert.ok(!isPodOf(podNameOf(`x${deployment.slice(1)}`, "6d5f7c9b8d"), deployment));
    });
});
