import type { KubeObject } from "../runner/kube.ts";

/** A SeldonDeployment in the cluster, as Seldon's operator reads it at the start of a turn. */
export interface Resource {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly protocol: string;
  readonly isSeparate: boolean;
  readonly predictors: readonly Predictor[];
}

/** A predictor after defaulting. */
export interface Predictor {
  readonly fields: PredictorFields;
  /** Name of its Service, and its `seldon-app`. */
  readonly service: string;
  /** Nodes of its graph, depth first. */
  readonly nodes: readonly GraphNode[];
}

type Texts = Readonly<Record<string, string>>;

export interface PredictorFields {
  readonly name: string;
  labels: Texts & { readonly version: string };
  readonly annotations?: Texts;
  readonly traffic?: number;
  readonly shadow?: boolean;
  readonly replicas?: number;
  readonly graph: GraphNode;
  readonly componentSpecs: readonly Pod[];
  readonly explainer?: { readonly type: string; readonly config?: Texts; readonly containerSpec: Container };
  readonly svcOrchSpec?: { readonly env?: readonly EnvVar[]; readonly resources?: object; readonly replicas?: number };
}

export interface GraphNode {
  readonly name: string;
  type?: string;
  implementation?: string;
  endpoint: { readonly service_host: string; readonly httpPort: number; readonly grpcPort: number };
  readonly parameters?: readonly object[];
  readonly children?: readonly GraphNode[];
}

export interface Pod {
  readonly replicas?: number;
  readonly hpaSpec?: Autoscaling;
  readonly pdbSpec?: object;
  readonly spec: { readonly containers: readonly Container[] };
}

export interface Autoscaling {
  readonly minReplicas?: number;
  readonly maxReplicas: number;
  readonly metricsv2: readonly object[];
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  imagePullPolicy?: string;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
  ports?: readonly { readonly name: string; readonly containerPort: number; readonly protocol?: string }[];
  volumeMounts?: readonly object[];
  readonly env?: readonly EnvVar[];
}

/** Name of the Service of a graph node's container. */
export function containerService({ name }: Pick<Resource, "name">, predictor: Predictor, container: string): string {
  return `${name}-${predictor.fields.name}-${container}`;
}

function nodesOf(graph: GraphNode): readonly GraphNode[] {
  return [graph, ...(graph.children ?? []).flatMap(nodesOf)];
}

/** Numbers of ports, given out over all predictors in the order of containers. */
class PortNumbers {
  readonly #byContainer = new Map<string, number>();
  #metrics = 6000;

  /** Containers of one name have the same numbers. */
  indexOf(container: string): number {
    const known = this.#byContainer.get(container) ?? this.#byContainer.size;
    this.#byContainer.set(container, known);
    return known;
  }

  nextMetrics(): number {
    return this.#metrics++;
  }
}

function defaultContainer(container: Container, ports: PortNumbers, isNode: boolean): void {
  ports.indexOf(container.name);
  if (!isNode) return;
  container.imagePullPolicy ??= "IfNotPresent";
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  container.volumeMounts = [...(container.volumeMounts ?? []), { name: "seldon-podinfo", mountPath: "/etc/podinfo" }];
  const metrics = { name: "metrics", containerPort: ports.nextMetrics(), protocol: "TCP" };
  container.ports = [...(container.ports ?? []), metrics];
}

function defaultNode(node: GraphNode, host: string, index: number): void {
  node.type ??= "MODEL";
  node.implementation ??= "UNKNOWN_IMPLEMENTATION";
  const [httpPort, grpcPort] = [9000 + index, 9500 + index];
  const endpoint = { service_host: host, service_port: httpPort, type: "REST", httpPort, grpcPort };
  node.endpoint = endpoint;
}

function defaultPredictor(
  resource: Omit<Resource, "predictors">,
  given: PredictorFields,
  ports: PortNumbers,
): Predictor {
  const fields = structuredClone(given);
  const nodes = nodesOf(fields.graph);
  const predictor = { fields, nodes, service: `${resource.name}-${fields.name}` };
  fields.labels = {
    ...fields.labels,
    version: (given.labels as Partial<Texts> | undefined)?.["version"] ?? fields.name,
  };
  for (const [index, { spec }] of fields.componentSpecs.entries()) {
    for (const container of spec.containers) {
      const { name } = container;
      const node = nodes.find((one) => one.name === name);
      defaultContainer(container, ports, node !== undefined);
      const isLocal = index === 0 && !resource.isSeparate;
      const far = `${containerService(resource, predictor, name)}.${resource.namespace}.svc.cluster.local`;
      if (node !== undefined) defaultNode(node, isLocal ? "localhost" : far, ports.indexOf(name));
    }
  }
  return predictor;
}

/** Defaults as Seldon 1.17.1 applies them in memory; they are never written to the SeldonDeployment. */
export function readResource({ metadata, spec = {} }: KubeObject): Resource {
  const {
    annotations = {},
    protocol = "seldon",
    predictors,
  } = spec as {
    readonly annotations?: Texts;
    readonly protocol?: string;
    readonly predictors: readonly PredictorFields[];
  };
  const resource = {
    name: metadata.name,
    namespace: metadata.namespace ?? "",
    uid: metadata.uid ?? "",
    annotations,
    protocol,
    isSeparate: annotations["seldon.io/engine-separate-pod"] === "true",
  };
  const ports = new PortNumbers();
  return { ...resource, predictors: predictors.map((one) => defaultPredictor(resource, one, ports)) };
}
