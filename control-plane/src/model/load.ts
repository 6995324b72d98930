import type { Problem } from "../problem/problem.ts";
import { buildModel, filesWithErrors } from "./build-model.ts";
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
  const unreadable = parsed.flatMap((one) => one.problems);
  const objects = parsed.flatMap((one) => one.value);
  const { value, problems } = loadObjects(objects, settings);
  const incompleteFiles = [...new Set([...filesWithErrors(unreadable), ...value.incompleteFiles])];
  return { value: { ...value, incompleteFiles }, problems: inTextOrder([...unreadable, ...problems], inputs) };
}

/** By file as given, then line and column; problems without a place come first in their file. */
function inTextOrder(problems: readonly Problem[], inputs: readonly SourceText[]): readonly Problem[] {
  const ranks = new Map(inputs.map(({ file }, rank) => [file, rank]));
  const rankOf = ({ file }: Problem): number => (file === undefined ? -1 : (ranks.get(file) ?? -1));
  return problems.toSorted(
    (one, other) =>
      rankOf(one) - rankOf(other) ||
      (one.position?.line ?? 0) - (other.position?.line ?? 0) ||
      (one.position?.column ?? 0) - (other.position?.column ?? 0),
  );
}

/** The same for objects that are read already, such as those from Kubernetes. */
export function loadObjects(
  objects: readonly SourceObject[],
  settings: ModelSettings = DEFAULT_MODEL_SETTINGS,
): LoadedModel {
  return buildModel(objects, settings);
}
