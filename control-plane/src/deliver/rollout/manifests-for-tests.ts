import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { loadObjects } from "../../model/load.ts";
import type { PortsInUse } from "../../model/model.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { planDeployment } from "../../plan/plan-deployment.ts";
import { planModel } from "../../plan/plan-model.ts";
import type { Problem } from "../../problem/problem.ts";
import type { PlanBeside } from "./rollout-step.ts";

/** A predictor as tests write it down. */
export interface TestPredictor {
  readonly name: string;
  readonly container: string;
  readonly image: string;
  readonly weight: number;
  readonly replicas?: number;
  /** Present: a shadow with this percentage. */
  readonly shadow?: number;
  readonly hpa?: boolean;
  readonly pdb?: boolean;
  readonly parameter?: string;
  readonly version?: string;
  readonly serviceName?: string;
  readonly noEngine?: boolean;
  readonly explainer?: boolean;
  /** A second componentSpec with a transformer of this image. */
  readonly transformer?: string;
  /** At which its model answers by REST. */
  readonly port?: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface TestDeployment {
  readonly predictors: readonly TestPredictor[];
  readonly protocol?: string;
  readonly separate?: boolean;
  readonly headless?: boolean;
  /** A RoutePolicy sends requests past the orchestrators. */
  readonly bypass?: boolean;
}

function pod(name: string, image: string, more: object = {}, port?: number): unknown {
  const ports = port === undefined ? {} : { ports: [{ name: "http", containerPort: port }] };
  return { spec: { containers: [{ name, image, ...ports }] }, ...more };
}

function predictorOf(one: TestPredictor, headless: boolean): unknown {
  const { name, container, image, weight, replicas, shadow, version } = one;
  const hpaSpec = { minReplicas: 1, maxReplicas: 3, metricsv2: [] };
  const parameters =
    one.parameter === undefined ? {} : { parameters: [{ name: "p", value: one.parameter, type: "STRING" }] };
  const model = { name: container, type: "MODEL" };
  const annotations = {
    ...one.annotations,
    ...(one.serviceName === undefined ? {} : { "seldon.io/svc-name": one.serviceName }),
    ...(one.noEngine === true ? { "seldon.io/no-engine": "true" } : {}),
    ...(headless ? { "seldon.io/headless-svc": "true" } : {}),
  };
  const transformed =
    one.transformer === undefined ? model : { name: "transformer", type: "TRANSFORMER", children: [model] };
  const companions = {
    ...(one.hpa === true ? { hpaSpec } : {}),
    ...(one.pdb === true ? { pdbSpec: { minAvailable: 1 } } : {}),
  };
  return {
    name,
    traffic: shadow ?? weight,
    annotations,
    ...(shadow === undefined ? {} : { shadow: true }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(version === undefined ? {} : { labels: { version } }),
    ...(one.explainer === true ? { explainer: { type: "AnchorTabular", modelUri: "gs://models/explainer" } } : {}),
    graph: { ...transformed, ...parameters },
    componentSpecs: [
      pod(container, image, companions, one.port),
      ...(one.transformer === undefined ? [] : [pod("transformer", one.transformer)]),
    ],
  };
}

/** The SeldonDeployment `seldon/example`. */
export function resourceOf(deployment: TestDeployment, generation = 1, status?: unknown): KubernetesObject {
  const { predictors, protocol = "seldon", separate = false, headless = false } = deployment;
  return {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "example", namespace: "seldon", uid: "uid-of-example", generation },
    spec: {
      protocol,
      ...(separate ? { annotations: { "seldon.io/engine-separate-pod": "true" } } : {}),
      predictors: predictors.map((one) => predictorOf(one, headless)),
    },
    ...(status === undefined ? {} : { status }),
  };
}

const BYPASS = {
  apiVersion: "graphway.dev/v1alpha1",
  kind: "RoutePolicy",
  metadata: { name: "example", namespace: "seldon" },
  spec: {
    targetRef: { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "example" },
    bypass: true,
  },
};

/** Loads and plans it as the control plane does. */
export function planOf(
  resource: KubernetesObject,
  portsInUse?: PortsInUse,
  bypass = false,
): {
  readonly plan: DeploymentPlan | undefined;
  readonly problems: readonly Problem[];
  readonly planBeside: PlanBeside;
} {
  const object = { value: resource, ...(portsInUse === undefined ? {} : { portsInUse }) };
  const loaded = loadObjects([object, ...(bypass ? [{ value: BYPASS }] : [])]);
  const { value, problems } = planModel(loaded);
  const [deployment] = loaded.value.deployments;
  return {
    plan: value[0],
    problems,
    planBeside: (predictors) =>
      deployment?.accepted === true
        ? planDeployment({ ...deployment, orchestratorBeside: new Set(predictors) }).value
        : undefined,
  };
}
