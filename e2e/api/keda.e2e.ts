// ScaledObjects in a real API server that knows KEDA's kind, without KEDA: what becomes of them with a kedaSpec, and what is
// left to whoever scales.
import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { enterWords, nodeEnvironment } from "../cluster/node/inside.ts";
import { bringDefinitions } from "./definitions.ts";
import { clusterOfCheckout, Kubectl, type Fields } from "./kubectl.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const NAMESPACE = `keda-${process.pid}`;
const NAMES = ["seldondeployments.machinelearning.seldon.io", "routepolicies.graphway.dev"];
const SCALED_OBJECT = "scaledobjects.keda.sh";
const DEPLOYMENT = "example-main-0-model";
const DEADLINE_MS = 120_000;

const object = (properties: Fields, required: readonly string[] = []): Fields => ({
  type: "object",
  properties,
  ...(required.length === 0 ? {} : { required }),
});
const [text, number] = [{ type: "string" }, { type: "integer", format: "int32" }];
const free = { type: "object", "x-kubernetes-preserve-unknown-fields": true };

/** The fields that KEDA's reference of ScaledObjects has. */
const SPEC = object(
  {
    scaleTargetRef: object({ name: text, kind: text, apiVersion: text, envSourceContainerName: text }, ["name"]),
    pollingInterval: number,
    cooldownPeriod: number,
    idleReplicaCount: number,
    minReplicaCount: number,
    maxReplicaCount: number,
    fallback: object({ failureThreshold: number, replicas: number }, ["failureThreshold", "replicas"]),
    advanced: object({
      restoreToOriginalReplicaCount: { type: "boolean" },
      horizontalPodAutoscalerConfig: object({ name: text, behavior: free }),
    }),
    triggers: {
      type: "array",
      items: object(
        {
          type: text,
          name: text,
          metricType: text,
          metadata: { type: "object", additionalProperties: text },
          authenticationRef: object({ name: text, kind: text }, ["name"]),
        },
        ["type", "metadata"],
      ),
    },
  },
  ["scaleTargetRef", "triggers"],
);

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: SCALED_OBJECT },
  spec: {
    group: "keda.sh",
    names: { kind: "ScaledObject", listKind: "ScaledObjectList", plural: "scaledobjects", singular: "scaledobject" },
    scope: "Namespaced",
    versions: [
      {
        name: "v1alpha1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: object({ spec: SPEC, status: free }, ["spec"]) },
      },
    ],
  },
};

const TRIGGERS = [{ type: "cron", metadata: { timezone: "UTC", start: "0 6 * * *", end: "0 20 * * *" } }];
const KEDA = { pollingInterval: 15, minReplicaCount: 1, maxReplicaCount: 5, triggers: TRIGGERS };

function deployment(kedaSpec: Fields | undefined, image = "models/one:1"): Fields {
  const spec = { containers: [{ name: "model", image }] };
  const predictor = {
    name: "main",
    graph: { name: "model", type: "MODEL" },
    componentSpecs: [{ spec, ...(kedaSpec === undefined ? {} : { kedaSpec }) }],
  };
  return {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "example", labels: { "seldon.io/controller-id": NAMESPACE } },
    spec: { replicas: 1, predictors: [predictor] },
  };
}

describe("a kedaSpec in a cluster that knows ScaledObjects", () => {
  let kubectl: Kubectl;
  let controlPlane: ChildProcessWithoutNullStreams | undefined;
  let said = "";
  const undo: (() => Promise<void>)[] = [];

  before(async () => {
    const cluster = await clusterOfCheckout();
    kubectl = new Kubectl(cluster, NAMESPACE);
    const own = await bringDefinitions(kubectl, NAMES, { path: join(ROOT, "deploy/helm/graphway/files/crds") });
    undo.push(() => own.takeAway());
    const keda = await bringDefinitions(kubectl, [SCALED_OBJECT], { definitions: [DEFINITION] });
    undo.push(() => keda.takeAway());
    await kubectl.run(["create", "namespace", NAMESPACE]);
    undo.push(() => kubectl.run(["delete", "namespace", NAMESPACE]).then(() => undefined));
    const flags = [`--namespace=${NAMESPACE}`, "--metrics-addr=127.0.0.1:0", "--xds-port=0", "--xds-server=none"];
    const [file = "", ...words] = enterWords(cluster.node, "network");
    const program = [process.execPath, join(ROOT, "control-plane/bin/control-plane.mjs"), "--webhook=false", ...flags];
    const ours = { KEDA_ENABLED: "true", POD_NAMESPACE: NAMESPACE, CONTROLLER_ID: NAMESPACE };
    const env = { ...process.env, ...nodeEnvironment(cluster.layout, cluster.packages), ...ours };
    controlPlane = spawn(file, [...words, ...program], { env });
    for (const stream of [controlPlane.stdout, controlPlane.stderr])
      stream.on("data", (line: Buffer) => {
        said = (said + line.toString()).slice(-4000);
      });
  });
  after(async () => {
    if (controlPlane !== undefined) {
      const exit = controlPlane.exitCode === null ? once(controlPlane, "exit") : undefined;
      controlPlane.kill("SIGTERM");
      await exit;
    }
    for (const step of undo.splice(0).reverse()) await step();
  });

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + DEADLINE_MS;
    while (!(await holds())) {
      if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** What `kubectl get` says of a path; undefined: there is no such object. */
  async function get(kind: string, path: string): Promise<string | undefined> {
    const { ok, out } = await kubectl.try(["get", kind, DEPLOYMENT, "-o", `jsonpath={${path}}`]);
    return ok ? out : undefined;
  }

  const scaledSpec = async (): Promise<unknown> => {
    const { spec } = await kubectl.json(["get", "scaledobject", DEPLOYMENT]);
    return spec;
  };
  const condition = async (): Promise<string> =>
    kubectl.run(["get", "sdep", "example", "-o", "jsonpath={.status.conditions[?(@.type=='KedaReady')].reason}"]);

  it("makes a ScaledObject of it, which belongs to the SeldonDeployment", async () => {
    await kubectl.run(["apply", "-f", "-"], deployment(KEDA));
    await until("the ScaledObject is there", async () => (await get("scaledobject", ".metadata.name")) !== undefined);
    assert.deepEqual(await scaledSpec(), { scaleTargetRef: { name: DEPLOYMENT }, ...KEDA });
    assert.equal(await get("scaledobject", ".metadata.ownerReferences[0].kind"), "SeldonDeployment");
    await until("the status says so", async () => (await condition()) === "All KEDA resources ready");
  });

  it("leaves the number of pods to who scales, also when the pods change", async () => {
    await kubectl.run(["scale", "deployment", DEPLOYMENT, "--replicas=3"]);
    await kubectl.run(["apply", "-f", "-"], deployment(KEDA, "models/one:2"));
    const image = (): Promise<string | undefined> =>
      get("deployment", ".spec.template.spec.containers[?(@.name=='model')].image");
    await until("the pods are the new ones", async () => (await image()) === "models/one:2");
    assert.equal(await get("deployment", ".spec.replicas"), "3");
    const autoscalers = await kubectl.run(["get", "hpa", "-o", "name"]);
    assert.equal(autoscalers, "", "an autoscaler of ours is beside KEDA's");
  });

  it("follows edits, and leaves what KEDA adds", async () => {
    await kubectl.run(["label", "scaledobject", DEPLOYMENT, `scaledobject.keda.sh/name=${DEPLOYMENT}`]);
    const advanced = { horizontalPodAutoscalerConfig: { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } } };
    const edited = { ...KEDA, pollingInterval: 30, idleReplicaCount: 0, advanced };
    await kubectl.run(["apply", "-f", "-"], deployment(edited, "models/one:2"));
    await until("the edit is there", async () => (await get("scaledobject", ".spec.pollingInterval")) === "30");
    assert.deepEqual(await scaledSpec(), { scaleTargetRef: { name: DEPLOYMENT }, ...edited });
    assert.equal(await get("scaledobject", ".metadata.labels.scaledobject\\.keda\\.sh/name"), DEPLOYMENT);
    assert.equal(await get("deployment", ".spec.replicas"), "3");
  });

  it("takes it away with the kedaSpec, and says the number of pods again", async () => {
    await kubectl.run(["apply", "-f", "-"], deployment(undefined, "models/one:2"));
    await until("it is gone", async () => (await get("scaledobject", ".metadata.name")) === undefined);
    await until("the number is ours", async () => (await get("deployment", ".spec.replicas")) === "1");
    await until("the status says so", async () => (await condition()) === "No KEDA resources defined");
  });
});
