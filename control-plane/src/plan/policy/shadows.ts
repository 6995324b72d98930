import { readConditions } from "../../model/policy/conditions.ts";
import type { RoutePolicySpec, Shadow } from "../../model/route-policy.ts";
import type { ShadowEntry } from "../traffic-plan.ts";

const ALL_PERCENT = 100;

/** The deployment's own shadows as the policy refines them, then those that it adds; 0 % is none. */
export function planPolicyShadows(
  own: readonly ShadowEntry[],
  policy: RoutePolicySpec | undefined,
): readonly ShadowEntry[] {
  const given = policy?.shadows ?? [];
  const refined = own.map((entry) => {
    const shadow = given.find(({ predictor }) => predictor === entry.predictor);
    return shadow === undefined ? entry : entryOf(shadow, entry.percent);
  });
  const added = given.filter(({ predictor }) => own.every((entry) => entry.predictor !== predictor));
  return [...refined, ...added.map((shadow) => entryOf(shadow, ALL_PERCENT))].filter(({ percent }) => percent > 0);
}

function entryOf({ predictor, percent, match, beside, maxBodyBytes }: Shadow, otherwise: number): ShadowEntry {
  const conditions = readConditions(match);
  return {
    predictor,
    percent: percent ?? otherwise,
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(beside === undefined ? {} : { beside }),
    ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }),
  };
}
