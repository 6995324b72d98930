import { stickyKeyOf } from "../../model/policy/check-agreement.ts";
import type { CookieTerms, RoutePolicySpec, StickyPart } from "../../model/route-policy.ts";
import type { PlanContext } from "../context.ts";
import type { CookieIssue, StickyKey, StickyPlan } from "../traffic-plan.ts";

/** What keeps a request on its predictor: the RoutePolicy's word, else the annotation's. */
export function planSticky({ annotations }: PlanContext, policy: RoutePolicySpec | undefined): StickyPlan | undefined {
  const sticky = policy?.sticky;
  if (sticky === undefined) return annotations.stickyKey === undefined ? undefined : { keys: [annotations.stickyKey] };
  const keys = (sticky.keys ?? [sticky]).flatMap((part: StickyPart) => keyOf(part) ?? []);
  return { keys, ...(sticky.salt === undefined ? {} : { salt: sticky.salt }) };
}

function keyOf(part: StickyPart): StickyKey | undefined {
  const key = stickyKeyOf(part);
  return key?.kind === "cookie" && part.issue !== undefined ? { ...key, issue: issueOf(part.issue) } : key;
}

function issueOf({ maxAgeSeconds, path, secure = false, sameSite = "Lax" }: CookieTerms): CookieIssue {
  return {
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(path === undefined ? {} : { path }),
    secure,
    sameSite,
  };
}
