import type { RoutePolicy } from "../model/route-policy.ts";
import { findAnnotation, type PlanContext } from "./context.ts";
import type { Permits, StickyKey } from "./deployment-plan.ts";

/** The simple form of a RoutePolicy's `sticky`: `header:<name>`, `cookie:<name>` or `query:<name>`. */
const STICKY_KEY = "graphway.dev/sticky-key";
const STICKY_FORM = /^(header|cookie|query):(.+)$/;

function fromPolicy({ header, cookie, query }: NonNullable<RoutePolicy["spec"]["sticky"]>): StickyKey | undefined {
  if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
  if (cookie !== undefined) return { kind: "cookie", name: cookie };
  return query === undefined ? undefined : { kind: "query", name: query };
}

/** What keeps a request on its predictor: the RoutePolicy's word, else the annotation's. */
export function planStickyKey(context: PlanContext, policy: RoutePolicy | undefined): StickyKey | undefined {
  if (policy?.spec.sticky !== undefined) return fromPolicy(policy.spec.sticky);
  const found = findAnnotation(context, STICKY_KEY);
  if (found === undefined) return undefined;
  const [, kind, name] = STICKY_FORM.exec(found.value) ?? [];
  if (kind !== undefined && name !== undefined) return fromPolicy({ [kind]: name });
  const message = `${STICKY_KEY} is ${JSON.stringify(found.value)}; it must be header:<name>, cookie:<name> or query:<name>`;
  context.report({ code: "AnnotationIgnored", at: found.at, message });
  return undefined;
}

/** What clients may ask for. */
export function planPermits(policy: RoutePolicy | undefined): Permits {
  return { force: policy?.spec.force?.allow ?? false, explain: policy?.spec.explain?.allow ?? false };
}
