import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "./kube.ts";
import { clearLeftovers, runLabels } from "./leftovers.ts";

const object = (kind: string, name: string, metadata: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind,
  metadata: { name, ...metadata },
});
const ofRelease = (namespace: string): object => ({ annotations: { "meta.helm.sh/release-namespace": namespace } });

test("what a killed run left is taken away, and nothing else", async () => {
  const objects: readonly KubeObject[] = [
    object("Namespace", "e2e-filter-rules-00aa", { labels: runLabels(7) }),
    object("Namespace", "e2e-filter-rules-00bb", { labels: runLabels(8) }),
    object("Namespace", "e2e-filter-rules-00cc", { labels: { "graphway.dev/e2e-run": "elsewhere.7" } }),
    object("Namespace", "e2e-mine"),
    object("ClusterRole", "left", ofRelease("e2e-filter-rules-00aa")),
    object("ClusterRole", "running", ofRelease("e2e-filter-rules-00bb")),
    object("ClusterRole", "elsewhere", ofRelease("e2e-filter-rules-00cc")),
    object("ClusterRole", "user", ofRelease("graphway-system")),
    object("ClusterRole", "nobody"),
    object("ClusterRoleBinding", "orphan", ofRelease("e2e-gateway-tls-12ef")),
    object("ValidatingWebhookConfiguration", "left", ofRelease("e2e-filter-rules-00aa")),
  ];
  const deleted: string[] = [];
  const kube = {
    list: (kind: string): Promise<readonly KubeObject[]> =>
      kind === "GatewayClass"
        ? Promise.reject(Object.assign(new Error("no such kind"), { status: 404 }))
        : Promise.resolve(objects.filter((one) => one.kind === kind)),
    delete: (kind: string, _: string, name: string): Promise<void> => {
      deleted.push(`${kind} ${name}`);
      return Promise.resolve();
    },
  };
  const cleared = await clearLeftovers(kube, (pid) => pid === 8);
  assert.deepEqual(cleared, deleted);
  assert.deepEqual(cleared, [
    "ValidatingWebhookConfiguration left",
    "ClusterRoleBinding orphan",
    "ClusterRole left",
    "Namespace e2e-filter-rules-00aa",
  ]);
});

test("a run that goes on keeps what it has", async () => {
  const mine = object("Namespace", "e2e-a-b-0000", { labels: runLabels() });
  const kube = {
    list: (kind: string) => Promise.resolve(kind === "Namespace" ? [mine] : []),
    delete: () => Promise.reject(new Error("it lives")),
  };
  assert.deepEqual(await clearLeftovers(kube), []);
});
