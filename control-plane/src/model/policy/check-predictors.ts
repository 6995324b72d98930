import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import { findNearest } from "../nearest.ts";
import type { RoutePolicySpec, Shadow } from "../route-policy.ts";
import type { SeldonDeployment } from "../seldon-deployment.ts";

/** A place where a policy names a predictor. */
interface Mention {
  readonly name: string;
  readonly at: FieldPath;
  /** It is to answer; false: it gets copies. */
  readonly answers: boolean;
}

/** Whether a policy's target has the predictors that it names. */
export function checkPredictors(spec: RoutePolicySpec, deployment: SeldonDeployment): readonly Finding[] {
  const isShadow = new Map(deployment.spec.predictors.map(({ name, shadow }) => [name, shadow === true]));
  const names = [...isShadow.keys()];
  const mentions = mentionsIn(spec).flatMap(({ name, at, answers }): readonly Finding[] => {
    const found = isShadow.get(name);
    if (found === undefined) {
      const nearest = findNearest(name, names);
      const hint = nearest === undefined ? `it has ${names.slice(0, 20).join(", ")}` : `did you mean ${nearest}?`;
      return [{ code: "PolicyPredictorUnknown", at, message: `the deployment has no predictor ${name}`, hint }];
    }
    if (!found || !answers) return [];
    return [{ code: "PolicyPredictorShadow", at, message: `${name} is a shadow: what it answers reaches no client` }];
  });
  const live = names.filter((name) => isShadow.get(name) === false);
  const idle = (spec.shadows ?? []).flatMap((shadow, index) => checkCopies(shadow, live, ["spec", "shadows", index]));
  return [...mentions, ...idle];
}

function mentionsIn({ rules = [], shadows = [], fallback = [] }: RoutePolicySpec): readonly Mention[] {
  return [
    ...rules.flatMap(({ predictor, split = [] }, index) => {
      const at: FieldPath = ["spec", "rules", index];
      const alone = predictor === undefined ? [] : [{ name: predictor, at: [...at, "predictor"], answers: true }];
      const shares = split.map((one, share) => {
        return { name: one.predictor, at: [...at, "split", share, "predictor"], answers: true };
      });
      return [...alone, ...shares];
    }),
    ...shadows.flatMap(({ predictor, beside = [] }, index) => {
      const at: FieldPath = ["spec", "shadows", index];
      return [
        { name: predictor, at: [...at, "predictor"], answers: false },
        ...beside.map((name, place) => ({ name, at: [...at, "beside", place], answers: true })),
      ];
    }),
    ...fallback.map((name, index) => ({ name, at: ["spec", "fallback", index], answers: true })),
  ];
}

/** Copies of nothing: of no share, or of the requests of nobody else. To a shadow of the deployment 0 % is to be silent. */
function checkCopies({ predictor, percent }: Shadow, live: readonly string[], at: FieldPath): readonly Finding[] {
  if (!live.includes(predictor)) return [];
  if (percent === 0) {
    return [
      { code: "PolicyShadowIdle", at: [...at, "percent"], message: `${predictor} gets copies of 0 % of the requests` },
    ];
  }
  if (live.length > 1) return [];
  const message = `${predictor} answers every request itself, so it gets no copies`;
  return [{ code: "PolicyShadowIdle", at: [...at, "predictor"], message }];
}
