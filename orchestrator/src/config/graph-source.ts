import { readFile } from "node:fs/promises";
import type { AnnotationSettings } from "./annotations.ts";
import type { Identity } from "../graph/draft.ts";
import type { CheckedGraph } from "../graph/graph.ts";
import { graphOfEnginePredictor, graphOfFile } from "../graph/from-file.ts";
import type { Options } from "./flags.ts";
import { isSwitchedOn } from "./switch.ts";

/**
 * The graph that is there without a control plane: `--file`, else ENGINE_PREDICTOR; undefined when neither is set.
 * Its `meta` is merged where the pod's annotations or GRAPHWAY_MERGE_META say so.
 */
export async function localGraph(
  options: Options,
  identity: Identity,
  env: Readonly<Record<string, string | undefined>>,
  annotations: Pick<AnnotationSettings, "mergesMeta">,
): Promise<CheckedGraph | undefined> {
  const local = {
    protocol: options.protocol,
    mergesMeta: annotations.mergesMeta || isSwitchedOn(env["GRAPHWAY_MERGE_META"]),
  };
  if (options.file !== undefined) {
    let text: string;
    try {
      text = await readFile(options.file, "utf8");
    } catch (error) {
      const message = `${options.file} can't be read: ${error instanceof Error ? error.message : String(error)}`;
      return { value: undefined, problems: [{ severity: "error", path: "", message }] };
    }
    return graphOfFile(text, identity, local);
  }
  const encoded = env["ENGINE_PREDICTOR"];
  return encoded === undefined ? undefined : graphOfEnginePredictor(encoded, identity, local);
}
