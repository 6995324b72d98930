import type { KubernetesObject } from "../src/kubernetes-api/object.ts";
import { RESOURCE } from "../src/kubernetes-api/resource-types.ts";

/** What the deployments of a bench are like, one after the other. */
export const SHAPES = ["single", "canary", "v2", "prepackaged"] as const;
export type Shape = (typeof SHAPES)[number];

export interface DeploymentOptions {
  readonly namespace: string;
  /** Changes the pods of every container that is written out. */
  readonly tag?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Predictor {
  readonly name: string;
  readonly traffic: number;
  readonly replicas: 0;
  readonly graph: object;
  readonly componentSpecs?: readonly object[];
}

function written(name: string, traffic: number, tag: string): Predictor {
  const container = {
    name: "classifier",
    image: `registry.example/models/classifier:${tag}`,
    env: [{ name: "MODEL", value: "iris" }],
    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } },
  };
  const graph = { name: "classifier", type: "MODEL" };
  return { name, traffic, replicas: 0, graph, componentSpecs: [{ spec: { containers: [container] } }] };
}

function specOf(shape: Shape, tag: string): object {
  switch (shape) {
    case "single":
      return { predictors: [written("main", 100, tag)] };
    case "canary":
      return { predictors: [written("main", 75, tag), written("canary", 25, `${tag}-next`)] };
    case "v2":
      return { protocol: "v2", predictors: [written("main", 100, tag)] };
    case "prepackaged": {
      const graph = { name: "classifier", implementation: "SKLEARN_SERVER", modelUri: "gs://models.example/iris" };
      return { predictors: [{ name: "main", traffic: 100, replicas: 0, graph }] };
    }
  }
}

/** The i-th SeldonDeployment: its shape goes by turns, and it wants no pods. */
export function deploymentOf(index: number, options: DeploymentOptions): KubernetesObject {
  const shape = SHAPES[index % SHAPES.length] ?? "single";
  return {
    apiVersion: RESOURCE.seldonDeployment.apiVersion,
    kind: RESOURCE.seldonDeployment.kind,
    metadata: {
      name: `model-${index}`,
      namespace: options.namespace,
      ...(options.labels === undefined ? {} : { labels: options.labels }),
    },
    spec: specOf(shape, options.tag ?? "1"),
  };
}
