import type { Container } from "./kubernetes.ts";
import type { FieldPath } from "./model.ts";
import type { ComponentSpec, PredictiveUnit, PredictorSpec } from "./seldon-deployment.ts";

/** Implementations that the orchestrator runs itself. */
export const BUILTIN_IMPLEMENTATIONS = ["SIMPLE_MODEL", "SIMPLE_ROUTER", "RANDOM_ABTEST", "AVERAGE_COMBINER"] as const;
/** The implementation of a node that runs in the user's container. */
export const UNKNOWN_IMPLEMENTATION = "UNKNOWN_IMPLEMENTATION";

/** How a node is run: by the user's container, by the orchestrator, or by a prepackaged server. */
export type NodeRuns = "container" | "builtin" | "prepackaged";

/** Any implementation that Seldon does not know by itself is a prepackaged server. An empty one counts as absent. */
export function nodeRuns({ implementation }: Pick<PredictiveUnit, "implementation">): NodeRuns {
  if (implementation === undefined || implementation === "" || implementation === UNKNOWN_IMPLEMENTATION)
    return "container";
  return BUILTIN_IMPLEMENTATIONS.some((builtin) => builtin === implementation) ? "builtin" : "prepackaged";
}

/** A node and where it stands. */
export interface PlacedNode {
  readonly node: PredictiveUnit;
  readonly path: FieldPath;
  /** The path as Seldon's webhook writes it: `spec.predictors[0].graph[1][0]`. */
  readonly seldonPath: string;
}

/** The nodes of a graph, parents before children, in the order of the resource. */
export function walkGraph(root: PredictiveUnit, predictorIndex: number): readonly PlacedNode[] {
  const found: PlacedNode[] = [];
  const visit = (placed: PlacedNode): void => {
    found.push(placed);
    placed.node.children?.forEach((node, index) => {
      visit({ node, path: [...placed.path, "children", index], seldonPath: `${placed.seldonPath}[${index}]` });
    });
  };
  visit({
    node: root,
    path: ["spec", "predictors", predictorIndex, "graph"],
    seldonPath: `spec.predictors[${predictorIndex}].graph`,
  });
  return found;
}

/** The containers of a componentSpec. */
export function containersOf(componentSpec: ComponentSpec): readonly Container[] {
  return componentSpec.spec?.containers ?? [];
}

const containersByName = new WeakMap<PredictorSpec, ReadonlyMap<string, Container>>();

/** The first container of a name in any componentSpec. Indexed once: every rule asks for every node. */
export function findContainer(predictor: PredictorSpec, name: string): Container | undefined {
  let index = containersByName.get(predictor);
  if (index === undefined) {
    const containers = (predictor.componentSpecs ?? []).flatMap(containersOf).toReversed();
    index = new Map(containers.map((container) => [container.name, container]));
    containersByName.set(predictor, index);
  }
  return index.get(name);
}
