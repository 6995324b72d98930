import { checkGraph } from "./check-graph.ts";
import type { Identity, LocalSettings } from "./draft.ts";
import { draftOfPredictor, fieldsOf, listOf, textOf } from "./from-predictor.ts";
import { protocolNamed, type CheckedGraph, type GraphProblem } from "./graph.ts";

/** Reads a whole SeldonDeployment (YAML or JSON text) and takes the predictor of the given name. */
export async function graphOfFile(text: string, identity: Identity, local: LocalSettings): Promise<CheckedGraph> {
  // Loaded here: in a cluster the graph comes from elsewhere.
  const { load } = await import("js-yaml");
  let deployment: unknown;
  try {
    deployment = load(text);
  } catch (error) {
    return refused(`not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const spec = fieldsOf(fieldsOf(deployment)["spec"]);
  const predictors = listOf(spec["predictors"]);
  const found = predictors.find((one) => textOf(fieldsOf(one)["name"]) === identity.predictor);
  if (found === undefined) {
    const names = predictors.map((one) => textOf(fieldsOf(one)["name"])).join(", ");
    return refused(`no predictor is called ${identity.predictor}; the file has: ${names || "none"}`);
  }
  const { value, problems } = graphOfPredictor(found, identity, local);
  return { value, problems: [...problems, ...otherProtocol(textOf(spec["protocol"]), local)] };
}

/** As in Seldon the flag alone counts; who forgot it finds only paths that are not there. */
function otherProtocol(named: string, { protocol }: LocalSettings): readonly GraphProblem[] {
  if (named === "" || protocolNamed(named) === protocol) return [];
  const message = `the file says ${named}, and ${protocol} is served; give --protocol ${named}`;
  return [{ severity: "warning", path: "spec.protocol", message }];
}

/** Reads ENGINE_PREDICTOR: base64 of a PredictorSpec in JSON. */
export function graphOfEnginePredictor(encoded: string, identity: Identity, local: LocalSettings): CheckedGraph {
  const text = encoded.trim();
  if (text === "") return refused("ENGINE_PREDICTOR is empty; it must hold the base64 of a PredictorSpec in JSON");
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text.replaceAll(/\s/g, ""))) {
    return refused("ENGINE_PREDICTOR is not base64; it must hold the base64 of a PredictorSpec in JSON");
  }
  let spec: unknown;
  try {
    spec = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch (error) {
    return refused(`ENGINE_PREDICTOR does not hold JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return graphOfPredictor(spec, identity, local);
}

function graphOfPredictor(spec: unknown, identity: Identity, local: LocalSettings): CheckedGraph {
  const draft = draftOfPredictor(spec, identity, local);
  const checked = checkGraph(draft.value);
  const problems = [...draft.problems, ...checked.problems];
  return { value: problems.some((one) => one.severity === "error") ? undefined : checked.value, problems };
}

function refused(message: string): CheckedGraph {
  return { value: undefined, problems: [{ severity: "error", path: "", message }] };
}
