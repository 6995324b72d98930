import { join } from "node:path";
import { ROOT } from "./graphway-process.ts";

/** What the example's models are asked: lengths and widths of one flower. */
export const FLOWER: number[] = [5.1, 3.5, 1.4, 0.2];
export const BODY = JSON.stringify({ data: { ndarray: [FLOWER] } });

function deploymentOf(name: string): object {
  const server = join(ROOT, "examples", "iris", "server.ts");
  const readinessProbe = {
    httpGet: { path: "/health/status", port: "http" },
    initialDelaySeconds: 0,
    periodSeconds: 1,
  };
  const container = { name: "tree", image: "node:24", command: ["node", server, "tree"], readinessProbe };
  const predictor = {
    name: "main",
    graph: { name: "tree", type: "MODEL" },
    componentSpecs: [{ spec: { containers: [container] } }],
  };
  return {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name, namespace: "default" },
    spec: { predictors: [predictor] },
  };
}

function policyOf(name: string, bypass: boolean): object {
  const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name };
  return {
    apiVersion: "graphway.dev/v1alpha1",
    kind: "RoutePolicy",
    metadata: { name, namespace: "default" },
    spec: { targetRef, bypass },
  };
}

/** One deployment through its orchestrator, one past it, one that changes; all have the same model. */
export function manifest(changing: boolean): string {
  const objects = [
    deploymentOf("through"),
    deploymentOf("past"),
    policyOf("past", true),
    deploymentOf("changing"),
    policyOf("changing", changing),
  ];
  return objects.map((one) => JSON.stringify(one)).join("\n---\n");
}
