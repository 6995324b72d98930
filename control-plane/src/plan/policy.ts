import type { RoutePolicy } from "../model/route-policy.ts";
import type { PlanContext } from "./context.ts";
import type { Permits, StickyKey } from "./deployment-plan.ts";

function fromPolicy({ header, cookie, query }: NonNullable<RoutePolicy["spec"]["sticky"]>): StickyKey | undefined {
  if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
  if (cookie !== undefined) return { kind: "cookie", name: cookie };
  return query === undefined ? undefined : { kind: "query", name: query };
}

/** What keeps a request on its predictor: the RoutePolicy's word, else the annotation's. */
export function planStickyKey({ annotations }: PlanContext, policy: RoutePolicy | undefined): StickyKey | undefined {
  return policy?.spec.sticky === undefined ? annotations.stickyKey : fromPolicy(policy.spec.sticky);
}

/** What clients may ask for. */
export function planPermits(policy: RoutePolicy | undefined): Permits {
  return { force: policy?.spec.force?.allow ?? false, explain: policy?.spec.explain?.allow ?? false };
}
