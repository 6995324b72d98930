import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { planOf, podOf, predictorOf, soundPlan } from "../../plan/workloads/plan-for-tests.ts";
import { applicable } from "./applicable-container.ts";
import { renderWorkloads } from "./render-workloads.ts";

interface DeploymentText extends KubernetesObject {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly ContainerText[] } } };
}
interface ContainerText {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

test("the same plan gives the same objects, and writing them edits nothing", () => {
  const plan = soundPlan([predictorOf("main", { componentSpecs: [podOf("model", "helper")] })]);
  const first = renderWorkloads(plan);
  assert.deepEqual(first, renderWorkloads(plan));
  assert.deepEqual(
    first,
    renderWorkloads(soundPlan([predictorOf("main", { componentSpecs: [podOf("model", "helper")] })])),
  );
  assert.deepEqual(first.problems, []);
});

test("every orchestrator begins with the graph of its own predictor", () => {
  const annotations = { "seldon.io/engine-separate-pod": "true" };
  const { plan } = planOf([predictorOf("main", { traffic: 100 }), predictorOf("canary")], { annotations });
  assert.ok(plan !== undefined);
  const seen = (renderWorkloads(plan).value.deployments as readonly DeploymentText[]).map(({ metadata, spec }) => {
    const engine = spec.template.spec.containers.find((one) => one.name === "seldon-container-engine");
    const [first] = engine?.env ?? [];
    if (first === undefined) return [metadata.name];
    const predictor = JSON.parse(Buffer.from(first.value ?? "", "base64").toString("utf8")) as {
      readonly name: string;
    };
    return [metadata.name, first.name, predictor.name];
  });
  assert.deepEqual(seen, [
    ["example-main-svc-orch", "ENGINE_PREDICTOR", "main"],
    ["example-canary-svc-orch", "ENGINE_PREDICTOR", "canary"],
    ["example-main-0-model"],
    ["example-canary-0-model"],
  ]);
});

test("lists say no key twice, as server-side apply wants it", () => {
  const container = applicable({
    name: "model",
    env: [
      { name: "A", value: "1" },
      { name: "B", value: "$(A)" },
      { name: "A", value: "2" },
    ],
    volumeMounts: [
      { name: "one", mountPath: "/data" },
      { name: "two", mountPath: "/data" },
    ],
    ports: [
      { name: "http", containerPort: 80 },
      { name: "udp", containerPort: 80, protocol: "UDP" },
      { name: "metrics", containerPort: 80, protocol: "TCP" },
      { name: "admin", containerPort: 81 },
    ],
    livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 3 },
    readinessProbe: { httpGet: { port: "admin", path: "/" } },
    lifecycle: { preStop: { httpGet: { port: "http" } } },
  });
  assert.deepEqual(container, {
    name: "model",
    env: [
      { name: "B", value: "$(A)" },
      { name: "A", value: "2" },
    ],
    volumeMounts: [{ name: "two", mountPath: "/data" }],
    ports: [
      { name: "metrics", containerPort: 80, protocol: "TCP" },
      { name: "udp", containerPort: 80, protocol: "UDP" },
      { name: "admin", containerPort: 81 },
    ],
    livenessProbe: { tcpSocket: { port: 80 }, periodSeconds: 3 },
    readinessProbe: { httpGet: { port: "admin", path: "/" } },
    lifecycle: { preStop: { httpGet: { port: 80 } } },
  });
});

test("a container that says nothing twice is left as it is", () => {
  const container = { name: "model", env: [{ name: "A", value: "1" }], ports: [{ containerPort: 80 }] };
  assert.equal(applicable(container), container);
});
