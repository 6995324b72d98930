import type { Permission, RoutePolicy } from "../model/route-policy.ts";
import type { PlanContext } from "./context.ts";
import type { Grant, Permits, StickyKey, StickyPlan } from "./traffic-plan.ts";

function fromPolicy({ header, cookie, query }: NonNullable<RoutePolicy["spec"]["sticky"]>): StickyKey | undefined {
  if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
  if (cookie !== undefined) return { kind: "cookie", name: cookie };
  return query === undefined ? undefined : { kind: "query", name: query };
}

/** What keeps a request on its predictor: the RoutePolicy's word, else the annotation's. */
export function planSticky({ annotations }: PlanContext, policy: RoutePolicy | undefined): StickyPlan | undefined {
  const key = policy?.spec.sticky === undefined ? annotations.stickyKey : fromPolicy(policy.spec.sticky);
  return key === undefined ? undefined : { keys: [key] };
}

function grantsOf(permission: Permission | undefined): readonly Grant[] {
  return permission?.allow === true ? [{ kind: "anyone" }] : [];
}

/** What clients may ask for. */
export function planPermits(policy: RoutePolicy | undefined): Permits {
  return { force: grantsOf(policy?.spec.force), explain: grantsOf(policy?.spec.explain) };
}
