import { hasErrors, type Problem } from "../../problem/problem.ts";
import { problemOf } from "../finding.ts";
import type { IdentifiedObject } from "../identify.ts";
import type { LoadedPolicy } from "../model.ts";
import { ownValue } from "../path.ts";
import { ROUTE_POLICY_KIND, type RoutePolicy } from "../route-policy.ts";
import { checkShape } from "../schema/check-shape.ts";
import { fitFields } from "../schema/fields.ts";
import { SELDON_KIND } from "../seldon-deployment.ts";
import { checkMetadata } from "../validate/check-metadata.ts";
import { checkSpec } from "./check-spec.ts";

/** What a deployment's policy came to: a policy in error leaves none, and stops the deployment that it targets. */
export interface PolicyMatch {
  readonly policy?: RoutePolicy;
  /** The policy if its shape is right, whatever else is wrong. */
  readonly shaped?: RoutePolicy;
  /** Where the policy stands. */
  readonly object: IdentifiedObject;
  readonly problems: readonly Problem[];
}

export interface PolicyMatches {
  /** By `<namespace>/<name>` of the target. */
  readonly byTarget: ReadonlyMap<string, PolicyMatch>;
  /** All of them, in the order of reading. */
  readonly policies: readonly LoadedPolicy[];
}

interface CheckedPolicy {
  readonly object: IdentifiedObject;
  readonly target: string;
  readonly match: PolicyMatch;
}

/**
 * Checks every policy and finds its target. Of several policies for one target the oldest counts, of equally old ones the
 * one whose name sorts first, as Gateway API wants it; so the answer does not depend on the order of reading.
 */
export function matchPolicies(policies: readonly IdentifiedObject[], deployments: ReadonlySet<string>): PolicyMatches {
  const checked = policies.map(checkPolicy);
  const winners = new Map<string, CheckedPolicy>();
  for (const one of checked.toSorted((a, b) => compareAge(a.object, b.object))) {
    if (one.target !== "" && !winners.has(one.target)) winners.set(one.target, one);
  }
  return {
    byTarget: new Map([...winners].map(([target, { match }]) => [target, match])),
    policies: checked.map((one) => verdictOn(one, winners.get(one.target) ?? one, deployments)),
  };
}

function verdictOn(one: CheckedPolicy, winner: CheckedPolicy, deployments: ReadonlySet<string>): LoadedPolicy {
  const { target, object, match } = one;
  const { namespace, name } = object;
  const counts = winner === one;
  const late = !counts ? [conflict(one, winner)] : target === "" || deployments.has(target) ? [] : [targetMissing(one)];
  return { namespace, name, ...(target === "" ? {} : { target }), counts, problems: [...match.problems, ...late] };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** Negative when the first one counts. Objects of files have no age; they come after those of a cluster. */
function compareAge(one: IdentifiedObject, other: IdentifiedObject): number {
  return compare(createdAt(one), createdAt(other)) || compare(one.name, other.name);
}

/** RFC 3339 in UTC as Kubernetes writes it, which sorts as text. */
function createdAt({ value }: IdentifiedObject): string {
  const time = ownValue(ownValue(value, "metadata"), "creationTimestamp");
  return typeof time === "string" ? time : "~";
}

function checkPolicy(object: IdentifiedObject): CheckedPolicy {
  const fitted = fitFields("route-policy", object.value);
  const shape = checkShape("route-policy", fitted.value);
  const findings = [...shape, ...fitted.unknown];
  const policy = shape.length > 0 ? undefined : (fitted.value as RoutePolicy);
  if (policy !== undefined) findings.push(...checkMetadata(policy.metadata), ...checkSpec(policy.spec));
  const problems = findings.map((finding) => problemOf(finding, object));
  const targetName = ownValue(ownValue(ownValue(object.value, "spec"), "targetRef"), "name");
  const target = typeof targetName === "string" && targetName !== "" ? `${object.namespace}/${targetName}` : "";
  const usable = policy !== undefined && !hasErrors(problems);
  return {
    object,
    target,
    match: { ...(usable ? { policy } : {}), ...(policy === undefined ? {} : { shaped: policy }), object, problems },
  };
}

function conflict(loser: CheckedPolicy, winner: CheckedPolicy): Problem {
  const message = `${ROUTE_POLICY_KIND} ${winner.object.object} targets ${loser.target} too and is used instead of this one`;
  return problemOf({ code: "PolicyConflict", at: ["spec", "targetRef", "name"], message }, loser.object);
}

function targetMissing({ object, target }: CheckedPolicy): Problem {
  const message = `there is no ${SELDON_KIND} ${target}`;
  return problemOf({ code: "PolicyTargetMissing", at: ["spec", "targetRef", "name"], message }, object);
}
