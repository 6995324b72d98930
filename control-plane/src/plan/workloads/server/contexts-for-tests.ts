import assert from "node:assert/strict";
import { loadDocuments } from "../../../model/load.ts";
import { readDeploymentAnnotations } from "../../../model/read-annotations.ts";
import type { DefaultedNode, DefaultedPredictor } from "../../../model/defaulted.ts";
import type { Finding } from "../../../model/finding.ts";
import { DEFAULT_MODEL_SETTINGS } from "../../../model/settings.ts";
import type { PlanContext } from "../../context.ts";
import { walkNodes } from "../../graph.ts";
import { DEFAULT_PLAN_OPTIONS } from "../../options.ts";
import type { WorkloadOptions } from "../../workload-options.ts";
import { serverOf, type ServerAdditions } from "./server-additions.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a test says about a deployment `ns/dep`. */
export interface Given {
  readonly spec?: Fields;
  readonly predictor?: Fields;
  readonly graph?: Fields;
  readonly workloads?: Partial<WorkloadOptions>;
  readonly context?: Partial<PlanContext>;
}

export interface TestContext {
  readonly context: PlanContext;
  readonly predictor: DefaultedPredictor;
  /** What was reported so far. */
  readonly findings: readonly Finding[];
}

/** The context of a deployment with one predictor `main`, loaded and defaulted like any other. */
export function contextFor({
  spec = {},
  predictor = {},
  graph = {},
  workloads = {},
  context = {},
}: Given): TestContext {
  const object = {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "dep", namespace: "ns" },
    spec: { ...spec, predictors: [{ name: "main", graph: { name: "model", ...graph }, ...predictor }] },
  };
  const options = { ...DEFAULT_PLAN_OPTIONS.workloads, ...workloads };
  const settings = { ...DEFAULT_MODEL_SETTINGS, predictorServers: options.predictorServers };
  const { value, problems } = loadDocuments([{ file: "in.json", text: JSON.stringify(object) }], settings);
  const [loaded] = value.deployments;
  assert.ok(loaded?.accepted === true, JSON.stringify(problems));
  const [first] = loaded.resource.spec.predictors;
  assert.ok(first !== undefined);
  const { protocol, transport } = loaded.resource.spec;
  const findings: Finding[] = [];
  return {
    predictor: first,
    findings,
    context: {
      resource: loaded.resource,
      annotations: readDeploymentAnnotations(loaded.resource),
      namespace: "ns",
      name: "dep",
      protocol: protocol === "tensorflow" || protocol === "v2" ? protocol : "seldon",
      transport: transport === "grpc" ? "grpc" : "rest",
      options: { ...DEFAULT_PLAN_OPTIONS, workloads: options },
      report: (finding) => findings.push(finding),
      ...context,
    },
  };
}

function containerOf(predictor: DefaultedPredictor, node: DefaultedNode) {
  const containers = predictor.componentSpecs.flatMap((one) => one.spec.containers);
  const found = containers.find(({ name }) => name === node.name);
  assert.ok(found !== undefined, `no container ${node.name}`);
  return found;
}

/** What the pod gets for a node, the root by default. */
export function additionsOf({ context, predictor }: TestContext, name?: string): ServerAdditions {
  const node = walkNodes(predictor.graph).find((one) => one.name === (name ?? predictor.graph.name));
  assert.ok(node !== undefined);
  return serverOf(context, predictor, node, containerOf(predictor, node));
}

/** A container's variable; undefined when it has none of that name. */
export function variableOf({ container }: Pick<ServerAdditions, "container">, name: string): string | undefined {
  const found = (container.env ?? []).filter((one) => one.name === name);
  assert.ok(found.length <= 1, `${name} stands twice`);
  return found[0]?.value;
}
