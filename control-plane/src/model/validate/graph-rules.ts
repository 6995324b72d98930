import type { Finding } from "../finding.ts";
import {
  BUILTIN_IMPLEMENTATIONS,
  containersOf,
  findContainer,
  nodeRuns,
  walkGraph,
  type PlacedNode,
} from "../graph.ts";
import { findNearest } from "../nearest.ts";
import type { PredictorSpec, SeldonDeploymentSpec } from "../seldon-deployment.ts";
import type { ModelSettings } from "../settings.ts";
import type { Rule } from "./rule.ts";

/** What a rule on a node looks at. */
interface NodeContext extends PlacedNode {
  readonly predictor: PredictorSpec;
  readonly spec: SeldonDeploymentSpec;
  readonly settings: ModelSettings;
}

type NodeRule = (context: NodeContext) => Finding | undefined;

const SERVERS_WITHOUT_TENSORFLOW = ["SKLEARN_SERVER", "XGBOOST_SERVER", "MLFLOW_SERVER", "HUGGINGFACE_SERVER"];

function onNode({ path, seldonPath }: PlacedNode, code: Finding["code"], field: string, message: string): Finding {
  return { code, at: [...path, field], path: seldonPath, message };
}

/** Rule 10. */
const checkContainer: NodeRule = (context) => {
  const { node, predictor } = context;
  if (nodeRuns(node) !== "container" || findContainer(predictor, node.name) !== undefined) return undefined;
  const finding = onNode(context, "ContainerMissing", "name", "Can't find container for Predictive Unit");
  return { ...finding, hint: adviseOnContainer(predictor, node.name) };
};

function adviseOnContainer({ componentSpecs = [] }: PredictorSpec, name: string): string {
  const names = componentSpecs.flatMap(containersOf).map((container) => container.name);
  const nearest = findNearest(name, names);
  const wanted = `no container in componentSpecs is named ${JSON.stringify(name)}`;
  if (nearest !== undefined) return `${wanted}; is ${JSON.stringify(nearest)} meant?`;
  return `${wanted}: name one so, or set the node's implementation`;
}

/** Rule 11. A node that gives neither type nor methods is a MODEL by default. */
const checkMethods: NodeRule = (context) => {
  const { node } = context;
  if (nodeRuns(node) !== "container" || node.type !== "UNKNOWN_TYPE" || (node.methods ?? []).length > 0)
    return undefined;
  const message =
    "Predictive Unit has no implementation methods defined. Change to a known type or add what methods it defines";
  return onNode(context, "MethodsMissing", "type", message);
};

/** Rule 12. */
const checkModelUri: NodeRule = (context) => {
  const { node } = context;
  if (nodeRuns(node) !== "prepackaged" || node.implementation === "HUGGINGFACE_SERVER") return undefined;
  if (node.modelUri !== undefined && node.modelUri !== "") return undefined;
  return onNode(
    context,
    "ModelUriMissing",
    "modelUri",
    "Predictive unit modelUri required when using standalone servers",
  );
};

/** Rule 13. */
const checkServerProtocol: NodeRule = (context) => {
  const { node, spec } = context;
  const implementation = node.implementation ?? "";
  if (spec.protocol !== "tensorflow" || !SERVERS_WITHOUT_TENSORFLOW.includes(implementation)) return undefined;
  const message = `Prepackaged server does not handle tensorflow protocol ${implementation}`;
  return onNode(context, "ServerProtocolMismatch", "implementation", message);
};

/** Rule 14. */
const checkServerKnown: NodeRule = (context) => {
  const { node, predictor, settings } = context;
  const implementation = node.implementation ?? "";
  if (nodeRuns(node) !== "prepackaged" || Object.hasOwn(settings.predictorServers, implementation)) return undefined;
  if ((findContainer(predictor, node.name)?.image ?? "") !== "") return undefined;
  const nearest = findNearest(implementation, [...Object.keys(settings.predictorServers), ...BUILTIN_IMPLEMENTATIONS]);
  const hint = nearest === undefined ? {} : { hint: `did you mean ${nearest}?` };
  return {
    ...onNode(context, "ServerUnknown", "implementation", `No entry in predictors map for ${implementation}`),
    ...hint,
  };
};

/** Rule 15. */
const checkLogger: NodeRule = (context) => {
  const { logger } = context.node;
  if (logger === undefined || (logger.mode ?? "") !== "") return undefined;
  return onNode(context, "LoggerModeMissing", "logger", "No logger mode specified");
};

const NODE_RULES: readonly NodeRule[] = [
  checkContainer,
  checkMethods,
  checkModelUri,
  checkServerProtocol,
  checkServerKnown,
  checkLogger,
];

/** Rules 10 to 15, on every node. */
export const checkNodes: Rule = (spec, settings) =>
  spec.predictors.flatMap((predictor, index) =>
    walkGraph(predictor.graph, index).flatMap((placed) =>
      NODE_RULES.flatMap((rule) => rule({ ...placed, predictor, spec, settings }) ?? []),
    ),
  );
