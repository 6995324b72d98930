import { nodeRuns } from "../../model/graph.ts";
import type { DefaultedComponentSpec, DefaultedNode, DefaultedPredictor } from "../../model/defaulted.ts";
import type { Container } from "../../model/kubernetes.ts";
import type { PlanContext } from "../context.ts";
import { walkNodes } from "../graph.ts";
import { podDeploymentName } from "../names.ts";
import { dressForGraph } from "./graph-container.ts";
import { hasServer, serverOf, type ServerAdditions, type Volume } from "./server/server-additions.ts";

/** A container of a componentSpec, as declared and as it runs. */
export interface PodContainer {
  readonly declared: Container;
  /** With what its node and its node's server add to it. */
  readonly container: Container;
  /** The node that has its name; built-in ones too, whose container Seldon runs and nobody calls. */
  readonly node?: DefaultedNode;
}

/** A componentSpec that has containers, completed. */
export interface ComponentPod {
  /** Name of its Deployment. */
  readonly name: string;
  readonly index: number;
  readonly component: DefaultedComponentSpec;
  readonly containers: readonly PodContainer[];
  readonly sidecars: readonly Container[];
  readonly initContainers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly serviceAccountName?: string;
}

function completeContainer(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: DefaultedNode | undefined,
  declared: Container,
): { readonly entry: PodContainer; readonly server?: ServerAdditions } {
  if (node?.endpoint === undefined) return { entry: { declared, container: declared } };
  const server = hasServer(node) ? serverOf(context, predictor, node, declared) : undefined;
  const served = server?.container ?? declared;
  const container = dressForGraph(context, predictor, node, node.endpoint, served);
  return { entry: { declared, container, node }, ...(server === undefined ? {} : { server }) };
}

function completePod(
  context: PlanContext,
  predictor: DefaultedPredictor,
  nodes: ReadonlyMap<string, DefaultedNode>,
  component: DefaultedComponentSpec,
  index: number,
): ComponentPod {
  const { containers } = component.spec;
  const specName = component.metadata?.name;
  const parts = {
    deployment: context.name,
    predictor: predictor.name,
    index,
    ...(specName === undefined ? {} : { specName }),
    containers: containers.map((one) => one.name),
  };
  const completed = containers.map((one) => completeContainer(context, predictor, nodes.get(one.name), one));
  const servers = completed.flatMap(({ server }) => server ?? []);
  const serviceAccountName = servers.find((one) => one.serviceAccountName !== undefined)?.serviceAccountName;
  return {
    name: podDeploymentName(parts, context.options.deploymentNameAsPrefix),
    index,
    component,
    containers: completed.map(({ entry }) => entry),
    sidecars: servers.flatMap((one) => one.sidecars),
    initContainers: servers.flatMap((one) => one.initContainers),
    volumes: servers.flatMap((one) => one.volumes),
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
  };
}

/** The pods of a predictor: one per componentSpec that has containers. */
export function completePods(context: PlanContext, predictor: DefaultedPredictor): readonly ComponentPod[] {
  // Of two nodes of one name the first says what its container is, one with a container before a built-in one.
  const nodes = new Map<string, DefaultedNode>();
  for (const node of walkNodes(predictor.graph)) {
    const known = nodes.get(node.name);
    if (known === undefined || (nodeRuns(known) === "builtin" && nodeRuns(node) !== "builtin")) {
      nodes.set(node.name, node);
    }
  }
  return predictor.componentSpecs.flatMap((component, index) =>
    component.spec.containers.length === 0 ? [] : [completePod(context, predictor, nodes, component, index)],
  );
}

/** True when the container is one of the graph and its node is not built into the orchestrator. */
export function servesNode({ node }: PodContainer): boolean {
  return node !== undefined && nodeRuns(node) !== "builtin";
}
