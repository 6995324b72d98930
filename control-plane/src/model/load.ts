import type { Problem } from "../problem/problem.ts";
import { buildModel } from "./build-model.ts";
import type { LoadedModel, SourceObject, SourceText } from "./model.ts";
import { parseText } from "./parse/parse.ts";
import { DEFAULT_MODEL_SETTINGS, type ModelSettings } from "./settings.ts";

/**
 * Reads texts into the model: every SeldonDeployment of every file, checked, defaulted and joined with the RoutePolicy
 * that targets it. Pure; never throws for what a text says. Order: as in the texts.
 */
export function loadDocuments(
  inputs: readonly SourceText[],
  settings: ModelSettings = DEFAULT_MODEL_SETTINGS,
): LoadedModel {
  const parsed = inputs.map((input) => parseText(input, settings.limits));
  const unreadable: readonly Problem[] = parsed.flatMap((one) => one.problems);
  const model = loadObjects(
    parsed.flatMap((one) => one.value),
    settings,
  );
  return { value: model.value, problems: [...unreadable, ...model.problems] };
}

/** The same for objects that are read already, such as those from Kubernetes. */
export function loadObjects(
  objects: readonly SourceObject[],
  settings: ModelSettings = DEFAULT_MODEL_SETTINGS,
): LoadedModel {
  return buildModel(objects, settings);
}
