import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { egressHosts, gatewaysOf, mayCall } from "./istio-objects.ts";

const object = (kind: string, key: string, spec: object, created = ""): KubernetesObject => {
  const [namespace = "", name = ""] = key.split("/");
  return {
    apiVersion: "networking.istio.io/v1",
    kind,
    metadata: { namespace, name, creationTimestamp: created },
    spec,
  };
};

describe("a proxy is", () => {
  const gateways = [
    object("Gateway", "istio-system/public", { selector: { istio: "ingressgateway" } }),
    object("Gateway", "models/internal", { selector: { istio: "internal", tier: "b" } }),
    object("Gateway", "models/any", {}),
  ];
  const named = ["istio-system/public", "models/internal", "models/any", "models/unknown"];

  it("those gateways whose selector has only labels of its own, and those that nobody knows", () => {
    assert.deepEqual(gatewaysOf({ istio: "ingressgateway", app: "x" }, named, gateways), [
      "istio-system/public",
      "models/any",
      "models/unknown",
    ]);
    assert.deepEqual(gatewaysOf({ istio: "internal" }, named, gateways), ["models/any", "models/unknown"]);
  });

  it("all of them where gateways can't be read or it does not say its labels", () => {
    assert.deepEqual(gatewaysOf({}, named, undefined), named);
    assert.deepEqual(gatewaysOf(undefined, named, gateways), named);
  });
});

describe("a pod may call", () => {
  const egress = (...hosts: string[]): object => ({ egress: [{ hosts }] });
  const sidecars = [
    object("Sidecar", "apps/default", egress("./*", "models/*")),
    object("Sidecar", "apps/younger", egress("~/*"), "2026-02-01T00:00:00Z"),
    object("Sidecar", "apps/mine", {
      workloadSelector: { labels: { app: "caller" } },
      ...egress("models/iris.models"),
    }),
    object("Sidecar", "apps/quiet", { workloadSelector: { labels: { app: "quiet" } } }),
    object("Sidecar", "istio-system/default", egress("istio-system/*")),
    object("Sidecar", "istio-system/one", { workloadSelector: { labels: { app: "x" } }, ...egress("a/*") }),
  ];
  const objects = { gateways: undefined, sidecars, rootNamespace: "istio-system" };

  it("what its own Sidecar says, else its namespace's, else the root namespace's, else everything", () => {
    assert.deepEqual(egressHosts("apps", { app: "caller" }, objects), ["models/iris.models"]);
    assert.deepEqual(egressHosts("apps", { app: "other" }, objects), ["./*", "models/*"]);
    assert.deepEqual(egressHosts("apps", { app: "quiet" }, objects), ["./*", "models/*"]);
    assert.deepEqual(egressHosts("apps", undefined, objects), ["./*", "models/*"]);
    assert.deepEqual(egressHosts("shop", { app: "x" }, objects), ["istio-system/*"]);
    assert.deepEqual(egressHosts("shop", {}, { ...objects, rootNamespace: "istio-config" }), ["*/*"]);
    assert.deepEqual(egressHosts("shop", {}, { ...objects, sidecars: undefined }), ["*/*"]);
  });

  it("what one of the hosts covers", () => {
    const iris = { namespace: "models", hosts: ["iris.models.svc.cluster.local"] };
    const may = (hosts: readonly string[], callee = iris, caller = "apps"): boolean =>
      mayCall(hosts, caller, callee, "cluster.local");
    for (const host of ["*/*", "models/*", "models/iris.models.svc.cluster.local", "*/*.cluster.local"])
      assert.ok(may([host]), host);
    for (const host of [
      "~/*",
      "./*",
      "apps/*",
      "models/other.models.svc.cluster.local",
      "models/*.example.com",
      "",
      "*",
    ])
      assert.ok(!may([host]), host);
    assert.ok(may(["./*"], iris, "models"));
    assert.ok(may(["models/iris.models.svc.cluster.local"], { namespace: "models", hosts: ["iris"] }));
    assert.ok(may(["models/a.example.com"], { namespace: "models", hosts: ["*.example.com"] }));
    assert.ok(may(["models/a.example.com"], { namespace: "models", hosts: ["*"] }));
    assert.ok(may(["~/*", "models/*"]));
  });
});
