import type { StickyKeySource } from "../annotation-values.ts";
import type { Finding } from "../finding.ts";
import { readDeploymentAnnotations } from "../read-annotations.ts";
import type { RoutePolicy, Sticky } from "../route-policy.ts";
import type { SeldonDeployment } from "../seldon-deployment.ts";

const KEY = "graphway.dev/sticky-key";

/** Says when a policy overrides what an annotation asks for. */
export function checkAgreement(deployment: SeldonDeployment, policy: RoutePolicy | undefined): readonly Finding[] {
  const asked = readDeploymentAnnotations(deployment).stickyKey;
  const given = policy?.spec.sticky === undefined ? undefined : stickyKeyOf(policy.spec.sticky);
  if (policy === undefined || asked === undefined || given === undefined) return [];
  if (asked.kind === given.kind && asked.name === given.name) return [];
  const site = deployment.spec.annotations?.[KEY] === undefined ? ["metadata"] : ["spec"];
  const message = `RoutePolicy ${policy.metadata.name ?? ""} says ${given.kind}:${given.name}, the annotation ${asked.kind}:${asked.name}`;
  return [{ code: "PolicyOverridesAnnotation", at: [...site, "annotations", KEY], message }];
}

/** The sticky key of a checked policy. Header names count in lower case. */
export function stickyKeyOf({ header, cookie, query }: Sticky): StickyKeySource | undefined {
  if (header !== undefined) return { kind: "header", name: header.toLowerCase() };
  if (cookie !== undefined) return { kind: "cookie", name: cookie };
  return query === undefined ? undefined : { kind: "query", name: query };
}
