import { describeCondition } from "../control-plane/src/model/policy/contradictions.ts";
import { bypassCalls } from "../control-plane/src/plan/bypass-calls.ts";
import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { Condition, Grant, ShadowEntry, SplitEntry, StickyKey } from "../control-plane/src/plan/traffic-plan.ts";

/** A line of a description: what it is about, and what is so. The lines after the first of one thing have no name. */
export type Fact = readonly [string, string];

/** A share as people say it: `75 %`. */
export function percent(share: number): string {
  return `${Number(share.toFixed(2))} %`;
}

export function describeSplit(split: readonly SplitEntry[]): string {
  const sum = split.reduce((total, entry) => total + entry.weight, 0);
  return split.map(({ predictor, weight }) => `${predictor} ${percent((weight / sum) * 100)}`).join(", ");
}

function describeConditions(conditions: readonly Condition[]): string {
  return conditions.map(describeCondition).join(" and ");
}

function describeKey(key: StickyKey): string {
  const issued = key.kind === "cookie" && key.issue !== undefined ? " (issued to clients without a key)" : "";
  return `${key.kind} ${key.name}${issued}`;
}

function describeSticky({ sticky }: DeploymentPlan): string {
  const order = [...(sticky?.keys ?? []).map(describeKey), "the request id"].join(", else ");
  return sticky?.salt === undefined ? order : `${order}; salt ${sticky.salt}`;
}

function describeRule({ name, conditions, percent: share, split }: DeploymentPlan["rules"][number]): string {
  const what = conditions.length === 0 ? "every request" : describeConditions(conditions);
  const [only] = split;
  const where = split.length === 1 && only !== undefined ? only.predictor : describeSplit(split);
  return `${name}: ${share === 100 ? "" : `${percent(share)} of `}${what} -> ${where}`;
}

function describeShadow({ predictor, percent: share, conditions, beside, maxBodyBytes }: ShadowEntry): string {
  const which = [
    ...(beside === undefined ? [] : [`beside ${beside.join(" and ")}`]),
    ...(conditions === undefined ? [] : [`where ${describeConditions(conditions)}`]),
    ...(maxBodyBytes === undefined ? [] : [`of at most ${maxBodyBytes} bytes`]),
  ];
  return [`${predictor} gets a copy of ${percent(share)}`, ...which].join(" ");
}

function describeRetries({ retry }: DeploymentPlan): string {
  if (retry === undefined) return "none";
  const { attempts, perTryTimeoutMs, httpOn = [], grpcOn = [], statuses = [], budget } = retry;
  if (attempts === 0) return "none at all";
  const on = [...httpOn, ...grpcOn, ...statuses];
  return [
    attempts === 1 ? "once" : `${attempts} times`,
    ...(perTryTimeoutMs === undefined ? [] : [`, ${perTryTimeoutMs / 1000} s per try`]),
    ...(on.length === 0 ? [] : [`, on ${on.join(", ")}`]),
    ...(budget === undefined ? [] : [`, at most ${percent(budget.percent)} of the requests in flight`]),
    "; never feedback",
  ].join("");
}

function describeDeadline({ deadline }: DeploymentPlan): readonly Fact[] {
  if (deadline === undefined) return [];
  const { defaultMs, maxMs } = deadline;
  const texts = [
    ...(defaultMs === undefined ? [] : [`${defaultMs} ms where the client says nothing`]),
    ...(maxMs === undefined ? [] : [`${maxMs} ms at most`]),
  ];
  return [["deadline", texts.join(", ")]];
}

function describeLimits({ limits }: DeploymentPlan): readonly Fact[] {
  if (limits === undefined) return [];
  const { requestsPerSecond, burst, concurrency } = limits;
  const texts = [
    ...(requestsPerSecond === undefined ? [] : [`${requestsPerSecond} requests per second`]),
    ...(burst === undefined ? [] : [`bursts of ${burst}`]),
    ...(concurrency === undefined ? [] : [`${concurrency} in flight to a predictor`]),
  ];
  return [["limits", `${texts.join(", ")}; in each Envoy`]];
}

function describeEjection({ ejection }: DeploymentPlan): readonly Fact[] {
  if (ejection === undefined) return [];
  const { consecutiveErrors, ejectMs, maxPercent } = ejection;
  const text = `a pod after ${consecutiveErrors} errors in a row, for ${ejectMs / 1000} s; at most ${percent(maxPercent)} of the pods`;
  return [["ejection", text]];
}

function describeBypass(plan: DeploymentPlan): readonly Fact[] {
  if (bypassCalls(plan).length === 0) return [];
  return [["bypass", "requests go straight to the models, past the orchestrator"]];
}

function describeGrant(grant: Grant): string {
  switch (grant.kind) {
    case "anyone":
      return "anyone";
    case "secret":
      return `who knows the secret ${grant.sha256.slice(0, 8)}…`;
    case "claim":
      return `who has ${grant.header}: ${grant.value}`;
    case "namespace":
      return `callers in namespace ${grant.namespace}`;
  }
}

/** `force and explain` where everybody may both; else who may what. */
function describePermits({ permits }: DeploymentPlan): readonly Fact[] {
  const given = (["force", "explain"] as const).filter((what) => permits[what].length > 0);
  if (given.length === 0) return [["clients may", "neither force nor explain"]];
  if (given.every((what) => permits[what].every(({ kind }) => kind === "anyone"))) {
    return [["clients may", given.join(" and ")]];
  }
  return listed(
    "clients may",
    given.map((what) => `${what}: ${permits[what].map(describeGrant).join(", or ")}`),
  );
}

function listed(name: string, texts: readonly string[]): readonly Fact[] {
  return texts.map((text, index) => [index === 0 ? name : "", text]);
}

/** Where requests go, in words. */
export function describeTraffic(plan: DeploymentPlan): readonly Fact[] {
  return [
    ...listed("rules", plan.rules.map(describeRule)),
    ["split", describeSplit(plan.split)],
    ["sticky by", describeSticky(plan)],
    ["shadows", plan.shadows.length === 0 ? "none" : plan.shadows.map(describeShadow).join(", ")],
    ["retries", describeRetries(plan)],
    ...describeDeadline(plan),
    ...(plan.fallback.length === 0 ? [] : [["fallback", plan.fallback.join(", then ")] as const]),
    ...describeLimits(plan),
    ...describeEjection(plan),
    ...describeBypass(plan),
    ...describePermits(plan),
  ];
}
