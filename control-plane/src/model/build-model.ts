import { hasErrors, type Problem } from "../problem/problem.ts";
import { checkDeployment, type CheckedDeployment } from "./check-deployment.ts";
import { problemOf } from "./finding.ts";
import { identifyObjects, identityOf, type IdentifiedObject } from "./identify.ts";
import type { LoadedDeployment, LoadedModel, SourceObject } from "./model.ts";
import { checkPredictors } from "./policy/check-predictors.ts";
import { matchPolicies, type PolicyMatch } from "./policy/match-policies.ts";
import type { ModelSettings } from "./settings.ts";

/** Judges every object on its own, then joins deployments with their policies. */
export function buildModel(sources: readonly SourceObject[], settings: ModelSettings): LoadedModel {
  const { objects, problems, duplicates } = identifyObjects(sources, settings);
  const candidates = objects.filter((object) => object.resource === "seldon-deployment");
  const policies = matchPolicies(
    objects.filter((object) => object.resource === "route-policy"),
    new Set(candidates.map((object) => object.object)),
  );
  const loaded = candidates.map((object) => {
    const twins = duplicates.get(identityOf(object)) ?? [];
    return loadDeployment(object, twins, policies.byTarget.get(object.object), settings);
  });
  const deployments = loaded.map((one) => one.deployment);
  const unfit = new Map(loaded.map((one) => [one.deployment.key, one.unfit]));
  const all = [
    ...problems,
    ...[...duplicates.values()].flat(),
    ...policies.policies.flatMap((one) => one.problems),
    ...deployments.flatMap((one) => one.problems),
  ];
  const incompleteFiles = filesWithErrors(problems);
  const judged = policies.policies.map((one) => {
    const late = one.counts && one.target !== undefined ? unfit.get(one.target) : undefined;
    return late === undefined ? one : { ...one, problems: [...one.problems, ...late] };
  });
  const value = { deployments: withoutTwins(deployments), incompleteFiles, policies: judged };
  return { value, problems: [...new Set(all)] };
}

/** Files in which some problem is an error. */
export function filesWithErrors(problems: readonly Problem[]): readonly string[] {
  const bad = problems.filter((one) => one.severity === "error").flatMap(({ file }) => file ?? []);
  return [...new Set(bad)];
}

/** Of two deployments with one name neither is known to be meant: the key stays, once, as rejected. */
function withoutTwins(deployments: readonly LoadedDeployment[]): readonly LoadedDeployment[] {
  const byKey = new Map<string, LoadedDeployment>();
  for (const one of deployments) if (!byKey.has(one.key)) byKey.set(one.key, one);
  return [...byKey.values()];
}

/** `unfit`: what its policy asks of it in vain, which is part of its problems. */
function loadDeployment(
  object: IdentifiedObject,
  twins: readonly Problem[],
  match: PolicyMatch | undefined,
  settings: ModelSettings,
): { readonly deployment: LoadedDeployment; readonly unfit: readonly Problem[] } {
  const { namespace, name, file, locate } = object;
  const checked = checkDeployment(object, match?.policy, settings);
  const unfit = match === undefined || checked.value === undefined ? [] : findUnfit(match, checked.value);
  const problems = [...twins, ...(match?.problems ?? []), ...checked.problems, ...unfit];
  const base = { key: object.object, namespace, name, ...(file === undefined ? {} : { file }), problems };
  if (checked.value === undefined || hasErrors(problems)) return { deployment: { ...base, accepted: false }, unfit };
  const deployment = {
    ...base,
    accepted: true as const,
    ...checked.value,
    ...(match?.policy === undefined ? {} : { policy: match.policy }),
    ...(locate === undefined ? {} : { locate }),
  };
  return { deployment, unfit };
}

/** What a policy asks of its target that the target does not have; problems of the policy. */
function findUnfit({ shaped, object }: PolicyMatch, { raw }: CheckedDeployment): readonly Problem[] {
  if (shaped === undefined) return [];
  return checkPredictors(shaped.spec, raw).map((finding) => problemOf(finding, object));
}
