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
  const deployments = candidates.map((object) => {
    const twins = duplicates.get(identityOf(object)) ?? [];
    return loadDeployment(object, twins, policies.byTarget.get(object.object), settings);
  });
  const all = [
    ...problems,
    ...[...duplicates.values()].flat(),
    ...policies.problems,
    ...deployments.flatMap((one) => one.problems),
  ];
  const incompleteFiles = filesWithErrors(problems);
  return { value: { deployments: withoutTwins(deployments), incompleteFiles }, problems: [...new Set(all)] };
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

function loadDeployment(
  object: IdentifiedObject,
  twins: readonly Problem[],
  match: PolicyMatch | undefined,
  settings: ModelSettings,
): LoadedDeployment {
  const { namespace, name, file, locate } = object;
  const checked = checkDeployment(object, match?.policy, settings);
  const unfit = match === undefined || checked.value === undefined ? [] : findUnfit(match, checked.value);
  const problems = [...twins, ...(match?.problems ?? []), ...checked.problems, ...unfit];
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

/** What a policy asks of its target that the target does not have; problems of the policy. */
function findUnfit({ policy, object }: PolicyMatch, { raw }: CheckedDeployment): readonly Problem[] {
  if (policy === undefined) return [];
  return checkPredictors(policy.spec, raw).map((finding) => problemOf(finding, object));
}
