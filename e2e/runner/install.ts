import { join } from "node:path";
import { runProgram } from "../cluster/setup/run-program.ts";
import type { Place } from "./targets/place.ts";
import { deployment, predictor } from "./manifest.ts";
import type { Target } from "./target.ts";
import { until } from "./until.ts";

const RELEASE = "graphway";
const NAMESPACE = "graphway-system";
const GATEWAY = "seldon-gateway";
const GATEWAY_NAMESPACE = "istio-system";

/** Definitions in the chart. */
const CRDS = ["seldondeployments.machinelearning.seldon.io", "routepolicies.graphway.dev"];

/** As Seldon's documentation has it. */
const GATEWAY_OBJECT = {
  apiVersion: "networking.istio.io/v1",
  kind: "Gateway",
  metadata: { name: GATEWAY, namespace: GATEWAY_NAMESPACE },
  spec: {
    selector: { istio: "ingressgateway" },
    servers: [{ port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] }],
  },
};

/** Runs kubectl or helm where the cluster is reached from. */
type RunTool = (command: readonly string[], input?: string) => Promise<string>;

export function toolsOf(place: Place): RunTool {
  return (command, input) => {
    const [file = "", ...args] = [...place.enter, ...command];
    return runProgram(file, args, { env: place.env, ...(input === undefined ? {} : { input }), timeoutMs: 300_000 });
  };
}

/** Installs Graphway as a user would, beside the Gateway object that users make themselves. */
export async function install(root: string, place: Place): Promise<Target> {
  const run = toolsOf(place);
  const { context } = place.target;
  const kubeContext = context === undefined ? [] : [`--context=${context}`];
  const helmContext = context === undefined ? [] : [`--kube-context=${context}`];
  await run(["kubectl", ...kubeContext, "apply", "--server-side", "-f", "-"], JSON.stringify(GATEWAY_OBJECT));
  const chart = join(root, "deploy", "helm", "graphway");
  const where = ["--namespace", NAMESPACE, "--create-namespace", "--wait", "--timeout", "240s"];
  const set = [
    "istio.enabled=true",
    `istio.gateway=${GATEWAY_NAMESPACE}/${GATEWAY}`,
    "usageMetrics.enabled=true",
  ].flatMap((value) => ["--set", value]);
  // What an earlier run may have left would answer in the place of what is to be tried.
  await uninstall(place);
  const crds = await crdsOfOthers(run, kubeContext);
  if (crds.length > 0) {
    process.stdout.write(`e2e: somebody else's ${crds.join(" and ")} stays as it is\n`);
    set.push("--set", "crd.create=false");
  }
  await run(["helm", ...helmContext, "install", RELEASE, chart, ...where, ...set]);
  // Its pod is ready a moment before every node knows the way to it.
  const asked = JSON.stringify(deployment("asked", { predictors: [predictor("default")] }));
  const dryRun = ["apply", "--server-side", "--dry-run=server", "--namespace=default", "-f", "-"];
  await until("the webhook is reached", () => run(["kubectl", ...kubeContext, ...dryRun], asked));
  return { ...place.target, operatorNamespace: NAMESPACE, gateway: `${GATEWAY_NAMESPACE}/${GATEWAY}` };
}

/**
 * Definitions that are there once our own are gone. Helm takes none over that it did not make, and taking them away with the
 * release would take everyone's objects too.
 */
async function crdsOfOthers(run: RunTool, kubeContext: readonly string[]): Promise<readonly string[]> {
  const said = await run(["kubectl", ...kubeContext, "get", "crd", ...CRDS, "--ignore-not-found", "-o", "name"]);
  return said
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.slice(line.indexOf("/") + 1));
}

/** Takes Graphway away again; quiet where it is not there. */
export async function uninstall(place: Place): Promise<void> {
  const { context } = place.target;
  const helmContext = context === undefined ? [] : [`--kube-context=${context}`];
  const where = ["--namespace", NAMESPACE, "--ignore-not-found", "--wait", "--timeout", "240s"];
  await toolsOf(place)(["helm", ...helmContext, "uninstall", RELEASE, ...where]);
}
