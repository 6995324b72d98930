// The CustomResourceDefinitions in a real API server: what it keeps, fills in, refuses and shows.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { bringDefinitions, type Definitions } from "./definitions.ts";
import { clusterOfCheckout, Kubectl, type Fields } from "./kubectl.ts";

const NAMESPACE = `crd-${process.pid}`;
const CRDS = fileURLToPath(new URL("../../deploy/helm/graphway/files/crds/", import.meta.url));
const API = "machinelearning.seldon.io";

const NAMES = ["seldondeployments.machinelearning.seldon.io", "routepolicies.graphway.dev"];

/** Belongs to nobody: no control plane that may be installed has a say in what becomes of these objects. */
const LABELS = { "seldon.io/controller-id": "nobody" };
const MODEL = { name: "model", image: "models/one:1" };

function deployment(predictor: Fields = {}, version = "v1", name = "example"): Fields {
  const main = { name: "main", graph: { name: "model" }, componentSpecs: [{ spec: { containers: [MODEL] } }] };
  const predictors = [{ ...main, ...predictor }];
  return {
    apiVersion: `${API}/${version}`,
    kind: "SeldonDeployment",
    metadata: { name, labels: LABELS },
    spec: { predictors },
  };
}

function chain(levels: number): Fields {
  const leaf = { name: `n${levels}`, implementation: "SIMPLE_MODEL", parameters: [] };
  return Array.from({ length: levels }).reduce<Fields>(
    (child, _, index) => ({ name: `n${levels - 1 - index}`, implementation: "SIMPLE_MODEL", children: [child] }),
    leaf,
  );
}

describe("the CustomResourceDefinitions", () => {
  let kubectl: Kubectl;
  let definitions: Definitions;

  before(async () => {
    kubectl = new Kubectl(await clusterOfCheckout(), NAMESPACE);
    definitions = await bringDefinitions(kubectl, NAMES, { path: CRDS });
    await kubectl.run(["create", "namespace", NAMESPACE]);
  });
  after(async () => {
    await kubectl.run(["delete", "namespace", NAMESPACE, `--wait=${definitions.brought}`]);
    await definitions.takeAway();
  });

  /** What the API server would store. */
  async function specOf(object: Fields): Promise<Fields> {
    return (await kubectl.json(["create", "--dry-run=server", "-f", "-"], object)).spec;
  }

  function refusal(object: Fields): Promise<string> {
    return kubectl.try(["create", "--dry-run=server", "--validate=false", "-f", "-"], object).then(({ ok, error }) => {
      assert.equal(ok, false);
      return error;
    });
  }

  it("hold no schema that is not structural", async () => {
    for (const name of NAMES) {
      const conditions = await kubectl.run(["get", "crd", name, "-o", "jsonpath={.status.conditions[*].type}"]);
      assert.equal(conditions, "NamesAccepted Established");
    }
  });

  it("keep every field that is known, and metadata of pods and volumes", async () => {
    const metadata = { name: "pod", labels: { a: "b" }, annotations: { c: "d" } };
    const template = { metadata: { labels: { e: "f" } }, spec: { resources: { requests: { storage: "1Gi" } } } };
    const predictor = {
      graph: { name: "model", type: "MODEL", endpoint: { type: "REST", service_port: 9000, httpPort: 1 }, methods: [] },
      labels: { version: "v1" },
      annotations: { "seldon.io/no-engine": "false" },
      engineResources: { requests: { cpu: "0.1" } },
      svcOrchSpec: { resources: { limits: { cpu: 1, memory: "1Gi" } }, env: [{ name: "A", value: "b" }], replicas: 2 },
      explainer: { type: "AnchorTabular", config: { a: "b" }, containerSpec: MODEL, initParameters: "{}" },
      ssl: { certSecretName: "s" },
      progressDeadlineSeconds: 5,
      traffic: 100,
      shadow: false,
      componentSpecs: [
        {
          metadata,
          replicas: 0,
          hpaSpec: { minReplicas: 1, maxReplicas: 2, metrics: [{ type: "Resource", resource: { name: "cpu" } }] },
          kedaSpec: { triggers: [{ type: "cron", metadata: { x: "y" } }], advanced: { a: { b: 1 } }, anything: 1 },
          pdbSpec: { maxUnavailable: "50%", minAvailable: 1 },
          spec: {
            containers: [
              {
                ...MODEL,
                ports: [{ containerPort: 9000, name: "http", protocol: "TCP" }],
                livenessProbe: { httpGet: { path: "/", port: "http" }, initialDelaySeconds: 1 },
                lifecycle: { preStop: { exec: { command: ["sleep"] } } },
                resources: { requests: { memory: "1Mi" }, limits: { "nvidia.com/gpu": 1 } },
              },
            ],
            volumes: [{ name: "v", ephemeral: { volumeClaimTemplate: template } }],
            affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
            terminationGracePeriodSeconds: 1,
          },
        },
      ],
    };
    const object = deployment(predictor);
    assert.deepEqual(await specOf(object), object["spec"]);
  });

  it("name ports by number and protocol, and take nulls as absent", async () => {
    const container = { ...MODEL, ports: [{ containerPort: 9000 }], resources: null };
    const metadata = { creationTimestamp: null, labels: { a: "b" } };
    const componentSpecs = [{ metadata, spec: { containers: [container] } }];
    assert.deepEqual(await specOf(deployment({ componentSpecs, explainer: null })), {
      predictors: [
        {
          name: "main",
          graph: { name: "model" },
          componentSpecs: [
            {
              metadata: { labels: { a: "b" } },
              spec: { containers: [{ ...MODEL, ports: [{ containerPort: 9000, protocol: "TCP" }] }] },
            },
          ],
        },
      ],
    });
    const twice = { ...MODEL, ports: [{ containerPort: 9000 }, { containerPort: 9000 }] };
    assert.match(await refusal(deployment({ componentSpecs: [{ spec: { containers: [twice] } }] })), /Duplicate value/);
  });

  it("keep graphs of any depth, so that the webhook sees all of them", async () => {
    for (const levels of [10, 20, 26]) {
      const object = deployment({ graph: chain(levels) });
      assert.deepEqual(await specOf(object), object["spec"]);
    }
  });

  const faults: readonly [string, Fields, RegExp][] = [
    ["a predictor without a graph", { graph: undefined }, /spec\.predictors\[0\]\.graph: Required value/],
    [
      "a child without a name",
      { graph: { name: "a", children: [{ type: "MODEL" }] } },
      /children\[0\]\.name: Required/,
    ],
    [
      "a parameter that is no text",
      { graph: { name: "a", parameters: [{ name: "p", value: 1, type: "INT" }] } },
      /value in body must be of type string/,
    ],
    ["a pod without containers", { componentSpecs: [{ spec: {} }] }, /containers: Required value/],
    [
      "a pull policy that is a number",
      { componentSpecs: [{ spec: { containers: [{ ...MODEL, imagePullPolicy: 22 }] } }] },
      /imagePullPolicy in body must be of type string/,
    ],
    ["a quantity that is none", { engineResources: { limits: { cpu: "much" } } }, /cpu in body should match/],
    [
      "autoscaling without a limit",
      { componentSpecs: [{ hpaSpec: {}, spec: { containers: [] } }] },
      /maxReplicas: Required/,
    ],
  ];
  for (const [what, predictor, expected] of faults) {
    it(`refuse ${what}`, async () => {
      assert.match(await refusal(deployment(predictor)), expected);
    });
  }

  it("take any word where Seldon's do", async () => {
    const spec = await specOf(deployment({ graph: { name: "model", type: "WHATEVER", methods: ["X"] } }));
    assert.match(JSON.stringify(spec), /WHATEVER/);
  });

  it("serve three versions of one object", async () => {
    for (const version of ["v1alpha2", "v1alpha3", "v1"]) {
      await kubectl.run(["apply", "-f", "-"], deployment({}, version));
      for (const read of ["v1", "v1alpha2", "v1alpha3"]) {
        const object = await kubectl.json(["get", `seldondeployments.${read}.${API}`, "example"]);
        assert.deepEqual([object.apiVersion, object.spec], [`${API}/${read}`, deployment()["spec"]]);
      }
    }
    const stored = await kubectl.run([
      "get",
      "crd",
      `seldondeployments.${API}`,
      "-o",
      "jsonpath={.status.storedVersions}",
    ]);
    assert.equal(stored, '["v1"]');
  });

  it("have a status of its own, a scale, and columns", async () => {
    await kubectl.run(["apply", "-f", "-"], deployment({}, "v1", "seen"));
    const scaled = await kubectl.run(["scale", "sdep/seen", "--replicas=3"]);
    assert.match(scaled, /scaled/);
    const status = {
      state: "Available",
      replicas: 2,
      observedGeneration: 2,
      address: { url: "http://seen-main" },
      deploymentStatus: { d: { replicas: 2, availableReplicas: 1 } },
      serviceStatus: { s: { svcName: "s", httpEndpoint: "s.n:8000", grpcEndpoint: "s.n:5001" } },
      conditions: [
        { type: "Ready", status: "True", reason: "r", message: "m", lastTransitionTime: "2026-01-01T00:00:00Z" },
      ],
    };
    const patch = JSON.stringify({ status, spec: { replicas: 9 } });
    const before = await kubectl.json(["get", "sdep", "seen"]);
    assert.deepEqual([before.spec["replicas"], before.status], [3, undefined]);
    await kubectl.run(["patch", "sdep", "seen", "--type=merge", "-p", JSON.stringify({ status })]);
    assert.equal((await kubectl.json(["get", "sdep", "seen"])).status, undefined);
    await kubectl.run(["patch", "sdep", "seen", "--subresource=status", "--type=merge", "-p", patch]);
    const { status: seen, spec, metadata } = await kubectl.json(["get", "sdep", "seen"]);
    assert.deepEqual([seen, spec["replicas"], metadata.generation], [status, 3, 2]);
    await kubectl.run(["wait", "--for=condition=ready", "sdep/seen", "--timeout=60s"]);
    assert.match(
      await kubectl.run(["get", "sdep", "seen"]),
      /NAME +STATE +READY +REPLICAS +AGE\nseen +Available +True +2 /,
    );
    const wide = await kubectl.run(["get", "sdep", "seen", "-o", "wide"]);
    assert.match(wide, /PROTOCOL +URL +MESSAGE/);
    assert.match(wide, /http:\/\/seen-main/);
  });

  it("are explained by kubectl", async () => {
    assert.match(await kubectl.run(["explain", "sdep.spec.predictors.traffic"]), /Share of the requests in percent/);
    assert.match(await kubectl.run(["explain", "rpol.spec.sticky"]), /gRPC metadata/);
  });

  it("hold policies, with a status as Gateway API has it", async () => {
    const targetRef = { group: API, kind: "SeldonDeployment", name: "example" };
    const policy = {
      apiVersion: "graphway.dev/v1alpha1",
      kind: "RoutePolicy",
      metadata: { name: "sticky" },
      spec: { targetRef, sticky: { header: "x-user" }, force: { allow: true } },
    };
    assert.deepEqual((await kubectl.json(["create", "-f", "-"], policy)).spec, policy.spec);
    const condition = {
      type: "Accepted",
      status: "True",
      reason: "Accepted",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
      observedGeneration: 1,
    };
    // A control plane of ours that runs here writes an entry of its own.
    const controllerName = "example.com/another-controller";
    const status = { ancestors: [{ ancestorRef: targetRef, controllerName, conditions: [condition] }] };
    await kubectl.run([
      "patch",
      "rpol",
      "sticky",
      "--subresource=status",
      "--type=merge",
      "-p",
      JSON.stringify({ status }),
    ]);
    const { ancestors } = (await kubectl.json(["get", "rpol", "sticky"])).status as typeof status;
    assert.deepEqual(
      ancestors.filter((one) => one.controllerName === controllerName),
      status.ancestors,
    );
    assert.match(await kubectl.run(["get", "rpol"]), /sticky +example +True/);
    const bad = { ...policy, spec: { targetRef: { name: "" } } };
    assert.match(await refusal(bad), /targetRef\.group: Required value/);
  });
});
