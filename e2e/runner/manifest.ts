import type { Fields } from "./kube.ts";

/** A SeldonDeployment as users write them. */
export interface DeploymentShape {
  readonly predictors: readonly Fields[];
  readonly version?: "v1" | "v1alpha2" | "v1alpha3";
  readonly labels?: Readonly<Record<string, string>>;
  /** metadata.annotations. */
  readonly metadataAnnotations?: Readonly<Record<string, string>>;
  /** spec.annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly replicas?: number;
  readonly protocol?: string;
  readonly transport?: string;
}

export function deployment(name: string, shape: DeploymentShape): Fields {
  const { predictors, version = "v1", labels, metadataAnnotations, annotations, replicas, protocol, transport } = shape;
  return {
    apiVersion: `machinelearning.seldon.io/${version}`,
    kind: "SeldonDeployment",
    metadata: { name, ...given({ labels, annotations: metadataAnnotations }) },
    spec: { name, ...given({ annotations, replicas, protocol, transport }), predictors },
  };
}

export interface PredictorShape {
  /** Default: one pod with the container `classifier`. Each member is a pod's containers. */
  readonly pods?: readonly (readonly Fields[])[];
  /** Default: the first container as a model. */
  readonly graph?: Fields;
  readonly traffic?: number;
  readonly shadow?: boolean;
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly explainer?: Fields;
  /** Replicas of each componentSpec. */
  readonly podReplicas?: number;
}

/** The orchestrator asks for little: a test machine has few processors, and Seldon's default of half a one each is a lot. */
const SMALL = { requests: { cpu: "10m", memory: "32Mi" } };

export function predictor(name: string, shape: PredictorShape = {}): Fields {
  const { pods = [[model("classifier")]], graph, podReplicas, ...rest } = shape;
  const root = (pods[0]?.[0] as { name: string } | undefined)?.name ?? "classifier";
  return {
    name,
    componentSpecs: pods.map((containers) => ({ ...given({ replicas: podReplicas }), spec: { containers } })),
    graph: graph ?? { name: root, type: "MODEL" },
    svcOrchSpec: { resources: SMALL },
    ...given(rest),
  };
}

export interface ModelShape {
  readonly version?: "1" | "2";
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of the version's. */
  readonly image?: string;
  readonly resources?: Fields;
}

/** A container with a scenario model. It is probed soon: Seldon's own probe begins after 20 s. */
export function model(name: string, { version = "1", env = {}, image, resources = SMALL }: ModelShape = {}): Fields {
  return {
    name,
    image: image ?? `\${model:${version}}`,
    resources,
    readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 1 },
    ...(Object.keys(env).length === 0
      ? {}
      : { env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }),
  };
}

/** Images of this target in place of `${model:1}` and `${model:2}`. */
export function withImages(object: Fields, images: Readonly<Record<"1" | "2", string>>): Fields {
  const text = JSON.stringify(object).replace(/\$\{model:([12])\}/g, (_, version: "1" | "2") => images[version]);
  return JSON.parse(text) as Fields;
}

function given(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
