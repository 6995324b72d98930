import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Container, PodSetPlan, StringMap } from "../workload-plan.ts";
import { ORCHESTRATOR_CONTAINER } from "../workload-plan.ts";
import { DEFAULT_WORKLOAD_OPTIONS } from "../workload-options.ts";
import { planOf, podOf, predictorOf, soundPlan, type Fields } from "./plan-for-tests.ts";

function selects(selector: StringMap, labels: StringMap): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function orchestratorOf(pods: PodSetPlan | undefined): Container | undefined {
  return pods?.podSpec.containers.find((one) => one.name === ORCHESTRATOR_CONTAINER);
}

const NODES = ["a", "b", "c", "d"];
const predictorFields = fc
  .record({
    nodes: fc.uniqueArray(fc.constantFrom(...NODES), { minLength: 1 }),
    pods: fc.array(fc.uniqueArray(fc.constantFrom(...NODES, "helper"), { minLength: 1 }), { maxLength: 3 }),
    app: fc.boolean(),
  })
  .map(({ nodes, pods, app }): Fields => {
    const given = new Set(pods.flat());
    const missing = nodes.filter((one) => !given.has(one));
    const graph = nodes.reduceRight<Fields | undefined>(
      (child, name) => ({ name, type: "TRANSFORMER", ...(child === undefined ? {} : { children: [child] }) }),
      undefined,
    );
    const all = missing.length === 0 ? pods : [...pods, missing];
    const labels = app ? { labels: { app: "mine", "seldon-deployment-id": "mine" } } : {};
    return { graph, componentSpecs: all.map((names) => podOf(...names)), ...labels };
  });
const deploymentFields = fc
  .tuple(fc.array(predictorFields, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([predictors, separate]) => ({
    predictors: predictors.map((one, index) => ({ ...one, name: `p${index}`, traffic: index === 0 ? 100 : 0 })),
    spec: separate ? { annotations: { "seldon.io/engine-separate-pod": "true" } } : {},
  }));

test("property: a Deployment selects its own pods and no others; every Service has pods", () => {
  fc.assert(
    fc.property(deploymentFields, ({ predictors, spec }) => {
      const { pods, services } = soundPlan(predictors, spec).workloads;
      for (const one of pods) {
        const selected = pods.filter((other) => selects(one.selector, other.podLabels)).map(({ name }) => name);
        assert.deepEqual(selected, [one.name]);
      }
      for (const service of services) {
        const behind = pods.filter((one) => selects(service.selector, one.podLabels));
        assert.ok(behind.length > 0, service.name);
        assert.ok(behind.every((one) => one.predictor === service.predictor));
        const names = behind.flatMap((one) => one.podSpec.containers);
        const numbers = names.flatMap((one) => (one.ports ?? []).map((port) => port.containerPort));
        for (const { port } of service.ports) assert.ok(numbers.includes(port), `${service.name}:${port}`);
      }
      for (const one of predictors) {
        const engines = pods.filter((pod) => pod.predictor === one.name && orchestratorOf(pod) !== undefined);
        assert.equal(engines.length, 1);
      }
    }),
    { numRuns: 200 },
  );
});

test("property: weights and replicas change no pod", () => {
  fc.assert(
    fc.property(deploymentFields, fc.nat(9), ({ predictors, spec }, replicas) => {
      const before = soundPlan(predictors, spec).workloads.pods;
      const [first, ...others] = predictors.map((one) => ({ ...one, replicas }));
      assert.ok(first !== undefined);
      const moved =
        others.length === 0 ? [first] : [{ ...first, traffic: 90 }, { ...others[0], traffic: 10 }, ...others.slice(1)];
      const after = soundPlan(moved, spec).workloads.pods;
      assert.deepEqual(
        after.map(({ podLabels, podAnnotations, podSpec }) => ({ podLabels, podAnnotations, podSpec })),
        before.map(({ podLabels, podAnnotations, podSpec }) => ({ podLabels, podAnnotations, podSpec })),
      );
      assert.ok(after.every((one) => one.replicas === replicas));
    }),
    { numRuns: 50 },
  );
});

test("an edit of the graph that touches no container leaves the pods as they are", () => {
  const graph = {
    name: "router",
    implementation: "RANDOM_ABTEST",
    parameters: [{ name: "ratioA", value: "0.5", type: "FLOAT" }],
  };
  const children = [
    { name: "one", type: "MODEL" },
    { name: "two", type: "MODEL" },
  ];
  const componentSpecs = [podOf("one", "two")];
  const before = predictorOf("main", { graph: { ...graph, children }, componentSpecs });
  const edited = {
    ...graph,
    parameters: [{ name: "ratioA", value: "0.9", type: "FLOAT" }],
    children: children.toReversed().map((one) => ({ ...one, methods: ["TRANSFORM_INPUT"], logger: { mode: "all" } })),
  };
  const after = predictorOf("main", { graph: edited, componentSpecs });
  assert.deepEqual(soundPlan([after]).workloads, soundPlan([before]).workloads);
});

test("names that would meet are refused, with the place", () => {
  const graph = { name: "b", type: "MODEL" };
  const first = predictorOf("a", { graph, componentSpecs: [podOf("b")], traffic: 100 });
  const { plan, problems } = planOf([first, predictorOf("a-b")]);
  assert.equal(plan, undefined);
  assert.deepEqual(
    problems.map(({ code, path }) => ({ code, path })),
    [{ code: "WorkloadNameClash", path: "spec.predictors[0].name" }],
  );
});

test("without an orchestrator the Service leads to the pod of the node, wherever that is", () => {
  const annotations = { "seldon.io/no-engine": "true" };
  const fields = { annotations, componentSpecs: [podOf("helper"), podOf("model")] };
  const { pods, services } = soundPlan([predictorOf("main", fields)]).workloads;
  const [service] = services;
  assert.ok(service !== undefined);
  assert.deepEqual(
    pods.filter((one) => selects(service.selector, one.podLabels)).map((one) => one.name),
    ["example-main-1-model"],
  );
  assert.ok(pods.every((one) => orchestratorOf(one) === undefined));
});

test("how long an orchestrator goes on when it stops fits into what its pod is given", () => {
  const flagsOf = (given: number | undefined, shutdownDelayMs: number): readonly unknown[] => {
    const spec = { containers: [{ name: "model", image: "model:1" }] };
    const pod = { spec: given === undefined ? spec : { ...spec, terminationGracePeriodSeconds: given } };
    const orchestrator = { ...DEFAULT_WORKLOAD_OPTIONS.orchestrator, shutdownDelayMs };
    const [pods] = soundPlan([predictorOf("main", { componentSpecs: [pod] })], {}, { orchestrator }).workloads.pods;
    const args = orchestratorOf(pods)?.args ?? [];
    const valueOf = (flag: string) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
    const grace = pods?.podSpec.terminationGracePeriodSeconds;
    return [grace, valueOf("--shutdown_delay"), valueOf("--graceful_timeout")];
  };
  assert.deepEqual(flagsOf(undefined, 5000), [20, "5000ms", undefined]);
  assert.deepEqual(flagsOf(undefined, 0), [20, undefined, undefined]);
  assert.deepEqual(flagsOf(undefined, 30_500), [46, "30500ms", undefined]);
  assert.deepEqual(flagsOf(60, 5000), [60, "5000ms", undefined]);
  assert.deepEqual(flagsOf(20, 5000), [20, "5000ms", undefined]);
  assert.deepEqual(flagsOf(10, 5000), [10, "2500ms", "7000ms"]);
  assert.deepEqual(flagsOf(10, 0), [10, undefined, "9500ms"]);
  assert.deepEqual(flagsOf(1, 5000), [1, "250ms", "700ms"]);
  assert.deepEqual(flagsOf(0, 5000), [0, undefined, undefined]);
});

test("kedaSpec without KEDA leaves the choice to hpaSpec, else to replicas", () => {
  const kedaSpec = { triggers: [] };
  const pod = { ...podOf("model"), kedaSpec, replicas: 3 };
  const plain = planOf([predictorOf("main", { componentSpecs: [pod] })]);
  assert.deepEqual(
    plain.problems.map((one) => one.code),
    ["KedaDisabled"],
  );
  assert.equal(plain.plan?.workloads.pods[0]?.replicas, 3);
  const scaled = planOf([predictorOf("main", { componentSpecs: [{ ...pod, hpaSpec: { maxReplicas: 5 } }] })]);
  assert.equal(scaled.plan?.workloads.pods[0]?.autoscaler?.kind, "hpa");
  const switchedOn = soundPlan([predictorOf("main", { componentSpecs: [pod] })], {}, { keda: true });
  assert.deepEqual(switchedOn.workloads.pods[0]?.autoscaler, { kind: "keda", spec: kedaSpec });
  assert.equal(switchedOn.workloads.pods[0].replicas, undefined);
});

test("Kafka is not read from, and the deployment is served all the same", () => {
  const env = ["BROKER", "INPUT_TOPIC", "OUTPUT_TOPIC"].map((name) => ({ name: `KAFKA_${name}`, value: "x" }));
  const { plan, problems } = planOf([predictorOf("main", { svcOrchSpec: { env } })], { serverType: "kafka" });
  assert.deepEqual(
    problems.map(({ code, path }) => ({ code, path })),
    [{ code: "KafkaNotServed", path: "spec.serverType" }],
  );
  const args = orchestratorOf(plan?.workloads.pods[0])?.args ?? [];
  assert.equal(args[args.indexOf("--server_type") + 1], "rpc");
});
