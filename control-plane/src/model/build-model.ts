import { hasErrors, type Problem } from "../problem/problem.ts";
import { checkDeployment } from "./check-deployment.ts";
import { identifyObjects, identityOf, type IdentifiedObject } from "./identify.ts";
import type { LoadedDeployment, LoadedModel, SourceObject } from "./model.ts";
import { matchPolicies, type PolicyMatch } from "./policy/match-policies.ts";
import type { ModelSettings } from "./settings.ts";

/** Judges every object on its own, then joins deployments with their policies. */
export function buildModel(sources: readonly SourceObject[], settings: ModelSettings): LoadedModel {
  const { objects, problems } = identifyObjects(sources, settings);
  const duplicates = countDuplicates(objects);
  const candidates = objects.filter((object) => object.resource === "seldon-deployment");
  const policies = matchPolicies(
    objects.filter((object) => object.resource === "route-policy"),
    new Set(candidates.map((object) => object.object)),
  );
  const deployments = candidates.map((object) => {
    const twins = duplicates.has(identityOf(object))
      ? problems.filter((one) => one.code === "ObjectDuplicate" && one.object === object.object)
      : [];
    return loadDeployment(object, twins, policies.byTarget.get(object.object), settings);
  });
  const ownProblems = deployments.flatMap((one) => one.problems);
  const all = [...problems, ...policies.problems, ...ownProblems];
  return { value: { deployments: withoutTwins(deployments) }, problems: [...new Set(all)] };
}

function countDuplicates(objects: readonly IdentifiedObject[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const object of objects) {
    const id = identityOf(object);
    if (seen.has(id)) twice.add(id);
    seen.add(id);
  }
  return twice;
}

/** Of two deployments with one name neither is known to be meant: the key stays, once, as rejected. */
function withoutTwins(deployments: readonly LoadedDeployment[]): readonly LoadedDeployment[] {
  const byKey = new Map<string, LoadedDeployment>();
  for (const one of deployments) if (!byKey.has(one.key)) byKey.set(one.key, one);
  return [...byKey.values()];
}

function loadDeployment(
  object: IdentifiedObject,
  twins: readonly Problem[],
  match: PolicyMatch | undefined,
  settings: ModelSettings,
): LoadedDeployment {
  const { namespace, name, file, locate } = object;
  const checked = checkDeployment(object, match?.policy, settings);
  const problems = [...twins, ...(match?.problems ?? []), ...checked.problems];
  const base = { key: object.object, namespace, name, ...(file === undefined ? {} : { file }), problems };
  if (checked.value === undefined || hasErrors(problems)) return { ...base, accepted: false };
  return {
    ...base,
    accepted: true,
    ...checked.value,
    ...(match?.policy === undefined ? {} : { policy: match.policy }),
    ...(locate === undefined ? {} : { locate }),
  };
}
