import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { NAMESPACE, startFaultyCluster, type FaultyCluster, type Victim } from "./faulty-cluster-for-tests.ts";
import { STORY } from "./story-for-tests.ts";

const GOOD = STORY[0]?.spec as { readonly predictors: readonly [{ readonly graph: object }] };
const PREDICTOR = GOOD.predictors[0];
const LONG = "x".repeat(1_000_000);

function nested(depth: number): object {
  let graph: object = { name: "leaf", type: "MODEL" };
  for (let level = 0; level < depth; level += 1) graph = { name: `n${level}`, type: "MODEL", children: [graph] };
  return graph;
}

function parse(text: string): unknown {
  return JSON.parse(text);
}

function predictorWith(changes: object): object {
  return { predictors: [{ ...PREDICTOR, ...changes }] };
}

/** What a server without our schema lets through. */
const SPECS: Readonly<Record<string, unknown>> = {
  "no spec": undefined,
  "spec null": null,
  "spec a number": 7,
  "spec a text": "predictors",
  "spec a list": ["predictors"],
  "no predictors": {},
  "predictors null": { predictors: null },
  "predictors a text": { predictors: "main" },
  "predictors an object": { predictors: { main: PREDICTOR } },
  "predictors of texts": { predictors: ["main", "canary"] },
  "predictors of null": { predictors: [null, null] },
  "predictors of lists": { predictors: [[PREDICTOR]] },
  "a long predictor name": predictorWith({ name: LONG }),
  "a predictor name of numbers": predictorWith({ name: 12 }),
  "a predictor name with a slash": predictorWith({ name: "../../etc" }),
  "a graph null": predictorWith({ graph: null }),
  "a graph a text": predictorWith({ graph: "classifier" }),
  "a graph a list": predictorWith({ graph: [{ name: "classifier" }] }),
  "a very deep graph": predictorWith({ graph: nested(400) }),
  "a very wide graph": predictorWith({
    graph: { ...PREDICTOR.graph, children: Array.from({ length: 20_000 }, (_, name) => ({ name: `n${name}` })) },
  }),
  "children null": predictorWith({ graph: { ...PREDICTOR.graph, children: null } }),
  "children of null": predictorWith({ graph: { ...PREDICTOR.graph, children: [null] } }),
  "children of texts": predictorWith({ graph: { ...PREDICTOR.graph, children: ["a", "b"] } }),
  "parameters of texts": predictorWith({ graph: { ...PREDICTOR.graph, parameters: ["a"] } }),
  "a node called __proto__": predictorWith({ graph: { name: "__proto__", type: "MODEL" } }),
  "a node called constructor": predictorWith({
    graph: { name: "constructor", type: "MODEL" },
    componentSpecs: [{ spec: { containers: [{ name: "toString", image: "model:1" }] } }],
  }),
  "keys __proto__": parse(
    '{"__proto__":{"predictors":[]},"predictors":[{"__proto__":{"name":"a"},"graph":{"__proto__":{}}}]}',
  ),
  "componentSpecs null": predictorWith({ componentSpecs: null }),
  "componentSpecs a text": predictorWith({ componentSpecs: "pods" }),
  "componentSpecs of texts": predictorWith({ componentSpecs: ["pod"] }),
  "componentSpecs of null": predictorWith({ componentSpecs: [null] }),
  "pod spec null": predictorWith({ componentSpecs: [{ spec: null }] }),
  "pod metadata a text": predictorWith({ componentSpecs: [{ ...podOf({}), metadata: "labels" }] }),
  "pod labels of objects": predictorWith({ componentSpecs: [{ ...podOf({}), metadata: { labels: { a: { b: 1 } } } }] }),
  "containers null": predictorWith({ componentSpecs: [{ spec: { containers: null } }] }),
  "containers of null": predictorWith({ componentSpecs: [{ spec: { containers: [null] } }] }),
  "containers of texts": predictorWith({ componentSpecs: [{ spec: { containers: ["classifier"] } }] }),
  "containers an object": predictorWith({ componentSpecs: [{ spec: { containers: { name: "classifier" } } }] }),
  "ports of texts": predictorWith({ componentSpecs: [podOf({ ports: ["http"] })] }),
  "ports null": predictorWith({ componentSpecs: [podOf({ ports: [null] })] }),
  "a port beyond all": predictorWith({ componentSpecs: [podOf({ ports: [{ containerPort: 1e20, name: "http" }] })] }),
  "env of texts": predictorWith({ componentSpecs: [podOf({ env: ["A=1"] })] }),
  "env of null": predictorWith({ componentSpecs: [podOf({ env: [null] })] }),
  "env an object": predictorWith({ componentSpecs: [podOf({ env: { A: "1" } })] }),
  "volumeMounts a text": predictorWith({ componentSpecs: [podOf({ volumeMounts: "here" })] }),
  "args a number": predictorWith({ componentSpecs: [podOf({ args: 7, command: null })] }),
  "an image null": predictorWith({ componentSpecs: [podOf({ image: null })] }),
  "resources a list": predictorWith({ componentSpecs: [podOf({ resources: [1] })] }),
  "probes texts": predictorWith({
    componentSpecs: [podOf({ livenessProbe: "yes", readinessProbe: 7, lifecycle: [] })],
  }),
  "volumes of null": predictorWith({
    componentSpecs: [{ spec: { ...podOf({}).spec, volumes: [null], initContainers: [null] } }],
  }),
  "replicas a text": predictorWith({ replicas: "two" }),
  "replicas without end": predictorWith({ replicas: 1e300 }),
  "replicas below zero": predictorWith({ replicas: -3 }),
  "traffic a text": predictorWith({ traffic: "half" }),
  "traffic half": predictorWith({ traffic: 0.5 }),
  "labels a list": predictorWith({ labels: ["a"] }),
  "annotations a text": predictorWith({ annotations: "a" }),
  "annotations of numbers": predictorWith({
    annotations: { "seldon.io/no-engine": true, "seldon.io/rest-timeout": 5 },
  }),
  "svcOrchSpec a text": predictorWith({ svcOrchSpec: "engine" }),
  "svcOrchSpec env of null": predictorWith({ svcOrchSpec: { env: [null], resources: "big", replicas: "two" } }),
  "explainer a text": predictorWith({ explainer: "anchor" }),
  "explainer of texts": predictorWith({
    explainer: { type: "AnchorTabular", containerSpec: "pod", config: ["a"], env: 7 },
  }),
  "hpaSpec a text": predictorWith({ componentSpecs: [{ ...podOf({}), hpaSpec: "many", pdbSpec: 7, kedaSpec: [] }] }),
  "hpaSpec metrics of null": predictorWith({
    componentSpecs: [{ ...podOf({}), hpaSpec: { metrics: [null], metricsv2: [null] } }],
  }),
  "ssl a text": predictorWith({ ssl: "yes" }),
  "an unknown protocol": { ...GOOD, protocol: "carrier-pigeon" },
  "protocol a number": { ...GOOD, protocol: 2 },
  "spec annotations a list": { ...GOOD, annotations: ["a"] },
  "spec annotations null": { ...GOOD, annotations: null },
  "a spec annotation null": { ...GOOD, annotations: { "seldon.io/ambassador-service-name": null } },
  "spec annotations of objects": {
    ...GOOD,
    annotations: {
      "seldon.io/ambassador-service-name": { a: 1 },
      "seldon.io/ambassador-header": ["x"],
      "seldon.io/istio-gateway": 7,
    },
  },
  "a server of nothing": predictorWith({ componentSpecs: [], graph: { name: "m", implementation: 7, modelUri: {} } }),
  "a server's parameters": predictorWith({
    componentSpecs: [],
    graph: {
      name: "m",
      implementation: "SKLEARN_SERVER",
      modelUri: 7,
      parameters: [null, 1, { name: 2 }],
      serviceAccountName: [],
      envSecretRefName: {},
    },
  }),
  "an unknown server": predictorWith({ componentSpecs: [], graph: { name: "m", implementation: "__proto__" } }),
  "a logger of texts": predictorWith({
    graph: { ...PREDICTOR.graph, logger: "all", endpoint: "here", methods: "all" },
  }),
  "an endpoint of null": predictorWith({ graph: { ...PREDICTOR.graph, endpoint: { service_port: "many", type: 7 } } }),
};

function podOf(container: object): { readonly spec: { readonly containers: readonly object[] } } {
  return { spec: { containers: [{ name: "classifier", image: "model:1", ...container }] } };
}

/** Other kinds that a deployment is looked at with. */
const POLICIES: Readonly<Record<string, object>> = {
  "spec-null": { spec: null },
  "spec-text": { spec: "wine" },
  "target-text": { spec: { targetRef: "wine" } },
  "target-null": { spec: { targetRef: null } },
  "rules-of-null": {
    spec: { targetRef: { name: "other", kind: "SeldonDeployment" }, rules: [null], retry: "many", timeout: [] },
  },
};

describe("objects that make no sense", () => {
  let here: FaultyCluster;
  let one: Victim;

  before(async () => {
    here = await startFaultyCluster();
    for (const [index, spec] of Object.values(SPECS).entries()) here.apply(`bad-${index}`, spec);
    for (const [name, more] of Object.entries(POLICIES)) {
      const { apiVersion, kind } = RESOURCE.routePolicy;
      here.api.objects.put(RESOURCE.routePolicy, {
        apiVersion,
        kind,
        metadata: { name, namespace: NAMESPACE },
        ...more,
      });
    }
    here.apply("wine", STORY[1]?.spec);
    here.apply("other", STORY[0]?.spec);
    one = await here.start();
  });

  after(() => here.stop());

  it("do not hold up others", async () => {
    await here.settled("wine");
    here.apply("wine", STORY[4]?.spec);
    await here.settled("wine");
    await until(() => here.statusOf("other").state !== undefined);
  });

  for (const [index, title] of Object.keys(SPECS).entries())
    it(`are reported: ${title}`, async () => {
      const name = `bad-${index}`;
      const saw = (): unknown => [
        here.statusOf(name),
        one.log.filter((line) => line.msg.includes(`${NAMESPACE}/${name} `)),
      ];
      await until(() => here.statusOf(name).state !== undefined, { saw });
      const { state, description = "" } = here.statusOf(name);
      assert.ok(state !== "Failed" || description !== "", JSON.stringify(saw()));
      assert.ok(description.length < 20_000, `${description.length} characters`);
      assert.doesNotMatch(description, /is not a function|undefined|Cannot read|is not iterable|TypeError/);
    });

  it("are never looked at in vain without end", () => {
    const failures = one.log.filter(({ level }) => level >= 50);
    assert.deepEqual(
      failures.map(({ msg, err }) => `${msg}: ${err?.message ?? ""}`.slice(0, 300)),
      [],
    );
  });
});
