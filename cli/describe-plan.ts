import { walkNodes } from "../control-plane/src/plan/graph.ts";
import type { DeploymentPlan, GraphNode, PredictorPlan } from "../control-plane/src/plan/deployment-plan.ts";
import { describeTraffic, type Fact } from "./describe-traffic.ts";
import { urlPrefix } from "../control-plane/src/plan/urls.ts";

function describeNode({ name, type, methods, runs }: GraphNode): string {
  const kind = runs.in === "orchestrator" ? runs.implementation : (type ?? methods.join(" + "));
  if (runs.in === "orchestrator") return `${name} (${kind}, built in)`;
  const { host, httpPort, grpcPort } = runs.endpoint;
  return `${name} (${kind}) at ${host}:${httpPort}, gRPC ${grpcPort}`;
}

/** A graph as a tree, one line per node. */
function treeOf(node: GraphNode, lead = "", rest = ""): readonly string[] {
  const last = node.children.length - 1;
  const below = node.children.flatMap((child, index) =>
    index === last ? treeOf(child, `${rest}└─ `, `${rest}   `) : treeOf(child, `${rest}├─ `, `${rest}│  `),
  );
  return [`${lead}${describeNode(node)}`, ...below];
}

const PLACES = {
  sidecar: "orchestrator beside the model",
  separate: "orchestrator in a pod of its own",
  none: "no orchestrator",
} as const;

function describePredictor(predictor: PredictorPlan): readonly string[] {
  const { name, shadow, serviceHost, httpPort, grpcPort, orchestrator, graph } = predictor;
  const nodes = walkNodes(graph).length;
  return [
    `  ${name}${shadow ? " (shadow)" : ""}: ${nodes === 1 ? "1 node" : `${nodes} nodes`}, ${PLACES[orchestrator]}`,
    `    ${serviceHost}:${httpPort}, gRPC ${grpcPort}`,
    ...treeOf(graph).map((line) => `    ${line}`),
  ];
}

/** Names come from manifests: what would move the cursor is shown as its code. */
function showControls(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** What a deployment means, in words; several lines. */
export function describePlan(plan: DeploymentPlan): string {
  const hosts = plan.hosts.includes("*") ? "any host" : plan.hosts.join(", ");
  const facts: readonly Fact[] = [
    ["REST", `${urlPrefix(plan)} on ${hosts}`],
    ["gRPC", `metadata seldon: ${plan.name}, namespace: ${plan.namespace}`],
    ["protocol", plan.protocol],
    ...describeTraffic(plan),
  ];
  return [
    plan.key,
    ...facts.map(([name, fact]) => `  ${(name === "" ? "" : `${name}:`).padEnd(13)}${fact}`),
    ...plan.predictors.flatMap((predictor) => ["", ...describePredictor(predictor)]),
    "",
  ]
    .map(showControls)
    .join("\n");
}
