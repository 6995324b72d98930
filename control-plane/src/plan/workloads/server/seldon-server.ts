import { modelParameters } from "../../../../../proto/graph/reserved-parameters.ts";
import { MODEL_FOLDER } from "./model-download.ts";
import type { ServedNode, ServerContainers } from "./node-server.ts";
import { withVariable } from "./variables.ts";

/** Seldon's own servers, and those of users, are told by a parameter where the model is. */
export function planSeldonServer({ node, container }: ServedNode): ServerContainers {
  const own = modelParameters(node.parameters ?? []).map(({ name, value, type }) => ({ name, value, type }));
  const parameters = [...own, { name: "model_uri", value: MODEL_FOLDER, type: "STRING" }];
  const variable = { name: "PREDICTIVE_UNIT_PARAMETERS", value: JSON.stringify(parameters) };
  return { container: withVariable(container, variable), downloads: true };
}
