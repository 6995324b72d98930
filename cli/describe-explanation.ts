import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { Distribution } from "../control-plane/src/render/explain/distribution.ts";
import type { ExampleRequest } from "../control-plane/src/render/explain/example-request.ts";
import type { Explanation } from "../control-plane/src/render/explain/explain.ts";
import { retriesOf } from "../control-plane/src/render/retry-conditions.ts";

const DEADLINE = /^(?:x-graphway-timeout-ms: (\d+)|grpc-timeout: (\d+)m)$/;

function describeKey({ by, key, stickyKey }: Explanation, { requestId }: ExampleRequest): string {
  switch (by) {
    case "forced":
      return `${key}, which does not count: the predictor is forced`;
    case "sticky":
      return `${key}, of ${stickyKey === undefined ? "a cookie that the client gets now" : `the ${stickyKey}`}`;
    case "request-id":
      return `${key}, of the request id ${requestId ?? ""}`;
    case "random":
      return `${key}, by chance`;
  }
}

function describeRetries(explanation: Explanation, plan: DeploymentPlan | undefined): string {
  if (explanation.kind === "feedback") return "none: feedback is never retried";
  if (plan === undefined) return "not in the table";
  const { attempts, perTryTimeoutMs, conditions, statuses } = retriesOf(
    plan.retry,
    explanation.transport === "grpc" ? "grpc" : "http",
  );
  if (attempts === 0) return "none";
  const limit = perTryTimeoutMs === undefined ? "" : `, ${perTryTimeoutMs / 1000} s per try`;
  return `${attempts === 1 ? "once" : `${attempts} times`}${limit}, on ${[...conditions, ...statuses].join(", ")}`;
}

function describeDeadline({ set }: Explanation): string {
  const found = set.map((line) => DEADLINE.exec(line)).find((one) => one !== null);
  return found === undefined ? "as the client says" : `${Number(found[1] ?? found[2]) / 1000} s`;
}

function describeTaker(taker: string | undefined): readonly (readonly [string, string])[] {
  if (taker === undefined) return [];
  return [["answered by", `${taker}, which takes it over by its headers; what follows does not count`]];
}

/** Text from manifests and from the command line: what would move the cursor is shown as its code. */
function lines(facts: readonly (readonly [string, string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  return facts
    .map(([name, fact]) => `${`${name}:`.padEnd(width)}${fact}`)
    .map((line) => line.replaceAll(/\p{Cc}/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`))
    .map((line) => `${line}\n`)
    .join("");
}

/** Where a request goes, and why, in words. Without a plan what only a plan knows is left open. `taker` answers in its place. */
export function describeExplanation(
  explanation: Explanation,
  request: ExampleRequest,
  plan: DeploymentPlan | undefined,
  taker?: string,
): string {
  const { predictor, forceIgnored, rule, split, shadows, set, removed } = explanation;
  const shares = split.map((one) => `${one.predictor} ${one.percent} %`).join(", ");
  return lines([
    ["deployment", `${explanation.deployment}, ${explanation.transport} ${explanation.kind}`],
    ...describeTaker(taker),
    ["predictor", predictor],
    ...(forceIgnored === undefined ? [] : [["force", `ignored: ${forceIgnored}`] as const]),
    ["rule", rule ?? "none took it"],
    ["split", shares],
    ["key", describeKey(explanation, request)],
    ["shadows", shadows.length === 0 ? "none" : shadows.join(", ")],
    ["retries", describeRetries(explanation, plan)],
    ["deadline", describeDeadline(explanation)],
    ...set.map((line, index) => [index === 0 ? "sets" : "", line] as const),
    ...(removed.length === 0 ? [] : [["removes", removed.join(", ")] as const]),
  ]).replaceAll(/^: {0,}/gm, (lead) => lead.replace(":", " "));
}

/** How many requests went where. `taker` answers all of them in its place. */
export function describeDistribution({ requests, predictors, shadows, rules }: Distribution, taker?: string): string {
  const share = (count: number): string =>
    `${count} of ${requests}, ${Number(((count / requests) * 100).toFixed(2))} %`;
  const rows = (kind: string, counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => [`${kind} ${name}`, share(count)] as const);
  return lines([
    ...describeTaker(taker),
    ...rows("predictor", predictors),
    ...rows("rule", rules),
    ...rows("shadow", shadows),
  ]);
}
