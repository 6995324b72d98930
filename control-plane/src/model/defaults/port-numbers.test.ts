import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DefaultedDeployment, DefaultedNode } from "../defaulted.ts";
import { loadObjects } from "../load.ts";
import type { ContainerPortNumbers, PortsInUse } from "../model.ts";

interface ContainerText {
  readonly name: string;
  readonly http?: number;
}

/** Pods of containers; all of them are nodes of one chain. */
interface PredictorText {
  readonly name: string;
  readonly pods: readonly (readonly ContainerText[])[];
}

type Numbers = ReadonlyMap<string, Required<ContainerPortNumbers>>;

function chainOf(names: readonly string[]): object {
  const [name, ...others] = names;
  return { name, type: "TRANSFORMER", ...(others.length === 0 ? {} : { children: [chainOf(others)] }) };
}

function load(predictors: readonly PredictorText[], portsInUse?: PortsInUse): DefaultedDeployment {
  const shadowed = predictors.map(({ name, pods }, index) => ({
    name,
    traffic: index === 0 ? 100 : 0,
    graph: chainOf([...new Set(pods.flat().map((one) => one.name))]),
    componentSpecs: pods.map((containers) => ({
      spec: {
        containers: containers.map(({ name: container, http }) => ({
          name: container,
          image: "image",
          ...(http === undefined ? {} : { ports: [{ name: "http", containerPort: http }] }),
        })),
      },
    })),
  }));
  const value = {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "example", namespace: "seldon" },
    spec: { predictors: shadowed },
  };
  const source = portsInUse === undefined ? { value } : { value, portsInUse };
  const [deployment] = loadObjects([source]).value.deployments;
  assert.ok(deployment?.accepted === true, JSON.stringify(deployment?.problems));
  return deployment.resource;
}

/** By `<predictor>/<container>`. */
function numbersOf(resource: DefaultedDeployment): Numbers {
  const found = new Map<string, Required<ContainerPortNumbers>>();
  for (const { componentSpecs, graph, name } of resource.spec.predictors) {
    const containers = componentSpecs.flatMap(({ spec }) => spec.containers);
    const visit = (node: DefaultedNode): void => {
      const ports = containers.find((one) => one.name === node.name)?.ports ?? [];
      const metrics = ports.find((port) => port.name === "metrics")?.containerPort;
      assert.ok(node.endpoint !== undefined && metrics !== undefined);
      found.set(`${name}/${node.name}`, { http: node.endpoint.httpPort, grpc: node.endpoint.grpcPort, metrics });
      node.children.forEach(visit);
    };
    visit(graph);
  }
  return found;
}

function inUse(numbers: Numbers): PortsInUse {
  return (predictor, container) => numbers.get(`${predictor}/${container}`);
}

const NAMES = ["a", "b", "c", "d", "e"];
const predictorText = fc
  .uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 })
  .chain((names) => fc.tuple(fc.constant(names), fc.array(fc.nat(2), { minLength: names.length, maxLength: 5 })))
  .map(([names, pods]) => [0, 1, 2].map((pod) => names.filter((_, index) => pods[index] === pod)))
  .map((pods) => pods.filter((pod) => pod.length > 0).map((pod) => pod.map((name) => ({ name }))));
const deploymentText = fc
  .uniqueArray(fc.constantFrom("p", "q", "r", "s"), { minLength: 1 })
  .chain((names) => fc.tuple(...names.map((name) => predictorText.map((pods): PredictorText => ({ name, pods })))));

test("property: whatever comes, goes or moves, what runs on keeps its numbers and no pod has one twice", () => {
  fc.assert(
    fc.property(fc.array(deploymentText, { minLength: 2, maxLength: 6 }), (history) => {
      let running: Numbers = new Map();
      for (const predictors of history) {
        const resource = load(predictors, inUse(running));
        const now = numbersOf(resource);
        for (const [key, numbers] of now) {
          if (running.has(key)) assert.deepEqual(numbers, running.get(key), key);
        }
        for (const { name, pods } of predictors) {
          const all = pods.flat().flatMap((one) => {
            const { http = 0, grpc = 0, metrics = 0 } = now.get(`${name}/${one.name}`) ?? {};
            return [http, grpc, metrics];
          });
          assert.equal(new Set(all).size, all.length, `predictor ${name}: ${all.join(" ")}`);
        }
        running = now;
      }
    }),
    { numRuns: 300 },
  );
});

test("property: where nothing runs, the numbers are Seldon's", () => {
  fc.assert(
    fc.property(deploymentText, (predictors) => {
      const names = [...new Set(predictors.flatMap(({ pods }) => pods.flat().map((one) => one.name)))];
      const expected = predictors
        .flatMap(({ name, pods }) => pods.flat().map((one) => ({ key: `${name}/${one.name}`, container: one.name })))
        .map(({ key, container }, index): [string, Required<ContainerPortNumbers>] => {
          const position = names.indexOf(container);
          return [key, { http: 9000 + position, grpc: 9500 + position, metrics: 6000 + index }];
        });
      assert.deepEqual(new Map(numbersOf(load(predictors))), new Map(expected));
      assert.deepEqual(numbersOf(load(predictors, () => undefined)), numbersOf(load(predictors)));
    }),
  );
});

test("containers of one name in two pods have one metrics port, which they keep", () => {
  const predictor = { name: "main", pods: [[{ name: "a" }], [{ name: "a" }, { name: "b" }]] };
  const metricsPorts = (resource: DefaultedDeployment): readonly unknown[] =>
    resource.spec.predictors.flatMap(({ componentSpecs }) =>
      componentSpecs.flatMap(({ spec }) => spec.containers.map(({ ports }) => ports?.[0]?.containerPort)),
    );
  const first = load([predictor]);
  assert.deepEqual(metricsPorts(first), [6000, 6000, 6002]);
  assert.deepEqual(metricsPorts(load([predictor], inUse(numbersOf(first)))), [6000, 6000, 6002]);
});

test("the survivor of a promotion keeps its metrics port, the next canary gets Seldon's number", () => {
  const main = { name: "main", pods: [[{ name: "classifier" }]] };
  const canary = { name: "canary", pods: [[{ name: "classifier" }]] };
  const both = numbersOf(load([main, canary]));
  assert.deepEqual([both.get("main/classifier")?.metrics, both.get("canary/classifier")?.metrics], [6000, 6001]);
  const promoted = numbersOf(load([canary], inUse(both)));
  assert.deepEqual(promoted.get("canary/classifier"), both.get("canary/classifier"));
  const next = numbersOf(load([{ ...main, name: "next" }, canary], inUse(promoted)));
  assert.deepEqual(next.get("next/classifier"), { http: 9000, grpc: 9500, metrics: 6000 });
});

test("a container that joins a running pod gets numbers that are free there", () => {
  const before = numbersOf(load([{ name: "main", pods: [[{ name: "b" }]] }]));
  const after = numbersOf(load([{ name: "main", pods: [[{ name: "a" }, { name: "b" }]] }], inUse(before)));
  assert.deepEqual(after.get("main/b"), { http: 9000, grpc: 9500, metrics: 6000 });
  assert.deepEqual(after.get("main/a"), { http: 9001, grpc: 9501, metrics: 6001 });
});

test("a port that a user had named is not kept once it is named no more", () => {
  const before = numbersOf(load([{ name: "main", pods: [[{ name: "a", http: 7000 }]] }]));
  assert.equal(before.get("main/a")?.http, 7000);
  const after = numbersOf(load([{ name: "main", pods: [[{ name: "a" }]] }], inUse(before)));
  assert.equal(after.get("main/a")?.http, 9000);
});
