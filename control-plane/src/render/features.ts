import { bypassCalls } from "../plan/bypass-calls.ts";
import { walkNodes } from "../plan/graph.ts";
import type { DeploymentPlan } from "../plan/deployment-plan.ts";
import type { Condition, RulePlan } from "../plan/traffic-plan.ts";
import { problem, type Problem } from "../problem/problem.ts";

/** Who carries a plan out; Istio once with our filter installed and once without. */
export type FeatureTarget = "gateway" | "istio" | "istio-plain" | "gateway-api";

/** How much of a feature a target can say, and how, or why not. */
export interface Expression {
  readonly level: "full" | "partly" | "no";
  readonly how: string;
}

/** Something that a plan may ask of the traffic. */
export interface Feature {
  readonly name: string;
  /** What of a plan asks for it, such as `rule vip`; none: nothing does. */
  readonly uses: (plan: DeploymentPlan) => readonly string[];
  readonly targets: Readonly<Record<FeatureTarget, Expression>>;
}

const full = (how: string): Expression => ({ level: "full", how });
const partly = (how: string): Expression => ({ level: "partly", how });
const no = (how: string): Expression => ({ level: "no", how });

const FILTER_ONLY = no("only the filter does it");
const BY_FILTER = full("the filter, by the request's headers");

function when(condition: boolean, use: string): readonly string[] {
  return condition ? [use] : [];
}

function rulesWith(plan: DeploymentPlan, has: (rule: RulePlan) => boolean): readonly string[] {
  return plan.rules.filter(has).map(({ name }) => `rule ${name}`);
}

function rulesOn(plan: DeploymentPlan, isMeant: (condition: Condition) => boolean): readonly string[] {
  return rulesWith(plan, ({ conditions }) => conditions.some(isMeant));
}

function shadowsWith(
  plan: DeploymentPlan,
  has: (shadow: DeploymentPlan["shadows"][number]) => boolean,
): readonly string[] {
  return plan.shadows.filter(has).map(({ predictor }) => `shadow ${predictor}`);
}

function isExact(condition: Condition): boolean {
  return condition.on === "transport" || condition.test.kind === "exact";
}

/** True where a reward changes what a node does next. */
function learns(plan: DeploymentPlan): boolean {
  return plan.predictors.some(({ graph }) =>
    walkNodes(graph).some(
      ({ type, methods, runs }) => runs.in === "container" && (type === "ROUTER" || methods.includes("SEND_FEEDBACK")),
    ),
  );
}

function filterFeature(name: string, uses: Feature["uses"], gatewayApi: Expression = FILTER_ONLY): Feature {
  return {
    name,
    uses,
    targets: { gateway: BY_FILTER, istio: BY_FILTER, "istio-plain": FILTER_ONLY, "gateway-api": gatewayApi },
  };
}

/** Every feature, and how each target says it. docs/targets.md is generated from this table. */
export const FEATURES: readonly Feature[] = [
  {
    name: "split by weights",
    uses: ({ split }) => when(split.length > 1, "the split"),
    targets: {
      gateway: BY_FILTER,
      istio: full("the filter; without it weighted routes"),
      "istio-plain": full("weighted routes"),
      "gateway-api": full("`weight` of `backendRefs`"),
    },
  },
  filterFeature(
    "clients stay on their predictor (sticky keys)",
    ({ sticky }) => when(sticky !== undefined, "the sticky key"),
    no("weights are drawn for every request; `sessionPersistence` is experimental, and keeps a client on a pod"),
  ),
  filterFeature("a cookie for clients without a key", ({ sticky }) =>
    (sticky?.keys ?? []).flatMap((key) =>
      key.kind === "cookie" && key.issue !== undefined ? [`cookie ${key.name}`] : [],
    ),
  ),
  filterFeature("a salt that deployments share", ({ sticky }) => when(sticky?.salt !== undefined, "the salt")),
  filterFeature(
    "rules by exact header, query parameter, method or path",
    (plan) => rulesWith(plan, ({ conditions }) => conditions.length > 0 && conditions.every(isExact)),
    full("`matches` of a rule; the most specific rule is asked first, order counts between equals only"),
  ),
  filterFeature(
    "rules by prefix, suffix, part, presence or absence",
    (plan) => rulesOn(plan, (condition) => condition.on !== "cookie" && !isExact(condition)),
    no("only exact matches are the same in every implementation"),
  ),
  filterFeature(
    "rules by cookie",
    (plan) => rulesOn(plan, ({ on }) => on === "cookie"),
    no("routes cannot match cookies"),
  ),
  filterFeature(
    "rules for a share of the matching requests",
    (plan) => rulesWith(plan, ({ percent }) => percent < 100),
    no("a match takes all or nothing"),
  ),
  filterFeature(
    "rules for every request",
    (plan) => rulesWith(plan, ({ conditions, percent }) => conditions.length === 0 && percent === 100),
    full("a rule without matches of its own"),
  ),
  {
    name: "a shadow that gets a share of the requests",
    uses: (plan) => shadowsWith(plan, () => true),
    targets: {
      gateway: full("the filter, by request id, so that both answers can be joined"),
      istio: full("the filter, by request id; without it `mirrorPercentage`"),
      "istio-plain": full("`mirrorPercentage`"),
      "gateway-api": full("`RequestMirror` with `percent` or `fraction` (version 1.3)"),
    },
  },
  {
    name: "several shadows",
    uses: ({ shadows }) => when(shadows.length > 1, "the shadows"),
    targets: {
      gateway: full("up to 4 copies of a request"),
      istio: full("up to 4 copies of a request; without the filter the first only"),
      "istio-plain": partly("only the first gets copies"),
      "gateway-api": full("a `RequestMirror` each"),
    },
  },
  {
    name: "copies are marked as copies",
    uses: (plan) => shadowsWith(plan, () => true),
    targets: {
      gateway: full("`x-graphway-shadow`"),
      istio: full("`x-graphway-shadow`, by the mirrors of the routes"),
      "istio-plain": partly("only by `-shadow` at the end of the host, which nothing reads"),
      "gateway-api": no("a mirror filter adds no header: the shadow logs and counts copies like live requests"),
    },
  },
  filterFeature("shadows by header, cookie, query, path or method", (plan) =>
    shadowsWith(plan, ({ conditions }) => (conditions ?? []).length > 0),
  ),
  filterFeature(
    "shadows beside some predictors only",
    (plan) => shadowsWith(plan, ({ beside }) => beside !== undefined),
    partly("where a rule sends to these predictors only, or to none of them"),
  ),
  filterFeature("no copies of large bodies", (plan) =>
    shadowsWith(plan, ({ maxBodyBytes }) => maxBodyBytes !== undefined),
  ),
  {
    name: "retries",
    uses: ({ retry }) => when(retry !== undefined, "the retries"),
    targets: {
      gateway: full("retry policy of the routes"),
      istio: full("`retries` of the VirtualService"),
      "istio-plain": full("`retries` of the VirtualService"),
      "gateway-api": no("`retry` is in the experimental channel, and GRPCRoute has none"),
    },
  },
  {
    name: "a budget of retries",
    uses: ({ retry }) => when(retry?.budget !== undefined, "the retry budget"),
    targets: {
      gateway: full("circuit breaker of each cluster"),
      istio: full("`retryBudget` of the DestinationRule"),
      "istio-plain": full("`retryBudget` of the DestinationRule"),
      "gateway-api": no("only in an experimental policy"),
    },
  },
  {
    name: "feedback is never retried",
    uses: (plan) => when(learns(plan), "feedback"),
    targets: {
      gateway: full("no retry policy on feedback, and the filter forbids it"),
      istio: full("`attempts: 0` on feedback, and the filter forbids it"),
      "istio-plain": full("`attempts: 0` on feedback"),
      "gateway-api": partly("an implementation that retries unasked, as Istio does twice, may count a reward again"),
    },
  },
  {
    name: "a deadline for every request",
    uses: ({ deadline }) => when(deadline !== undefined, "the deadline"),
    targets: {
      gateway: BY_FILTER,
      istio: BY_FILTER,
      "istio-plain": partly("`timeout` of the VirtualService; clients cannot ask for less"),
      "gateway-api": partly("`timeouts.request` for REST; GRPCRoute has none, and clients cannot ask for less"),
    },
  },
  {
    name: "fallback when no pod of a predictor can answer",
    uses: ({ fallback }) => when(fallback.length > 0, "the fallback"),
    targets: {
      gateway: full("aggregate clusters"),
      istio: no("a route of Istio does not go on to another Service"),
      "istio-plain": no("a route of Istio does not go on to another Service"),
      "gateway-api": no("weights do not follow the health of Services"),
    },
  },
  {
    name: "requests per second",
    uses: ({ limits }) => when(limits?.requestsPerSecond !== undefined, "the rate limit"),
    targets: {
      gateway: full("local rate limit of each Envoy"),
      istio: no("Istio's objects have no rate limit"),
      "istio-plain": no("Istio's objects have no rate limit"),
      "gateway-api": no("routes have no rate limit"),
    },
  },
  {
    name: "requests in flight",
    uses: ({ limits }) => when(limits?.concurrency !== undefined, "the concurrency limit"),
    targets: {
      gateway: full("circuit breaker of each cluster"),
      istio: full("`http2MaxRequests` of the DestinationRule"),
      "istio-plain": full("`http2MaxRequests` of the DestinationRule"),
      "gateway-api": no("routes have no limit"),
    },
  },
  {
    name: "ejection of failing pods",
    uses: ({ ejection }) => when(ejection !== undefined, "the ejection"),
    targets: {
      gateway: full("outlier detection of each cluster"),
      istio: full("`outlierDetection` of the DestinationRule"),
      "istio-plain": full("`outlierDetection` of the DestinationRule"),
      "gateway-api": no("routes know nothing of pods"),
    },
  },
  {
    name: "circuit breakers",
    uses: ({ circuitBreakers }) => when(circuitBreakers !== undefined, "the circuit breakers"),
    targets: {
      gateway: full("circuit breaker of each cluster"),
      istio: full("`connectionPool` of the DestinationRule"),
      "istio-plain": full("`connectionPool` of the DestinationRule"),
      "gateway-api": no("routes have none"),
    },
  },
  {
    name: "requests straight to the model (bypass)",
    uses: (plan) => when(bypassCalls(plan).length > 0, "the bypass"),
    targets: {
      gateway: full("routes that rewrite the path"),
      istio: full("entries that rewrite the path"),
      "istio-plain": full("entries that rewrite the path"),
      "gateway-api": no("a GRPCRoute rewrites no method; requests go through the orchestrator"),
    },
  },
  filterFeature("a client may choose the predictor (`x-graphway-force`)", ({ permits }) =>
    when(permits.force.length > 0, "the permission to force"),
  ),
  filterFeature("a client may ask why (`x-graphway-explain`)", ({ permits }) =>
    when(permits.explain.length > 0, "the permission to ask why"),
  ),
  {
    name: "answering requests for another deployment by header value",
    uses: ({ takeover }) => when(takeover?.headers.every(({ value }) => (value ?? "") !== "") ?? false, "the takeover"),
    targets: {
      gateway: full("routes before the other's own"),
      istio: full("entries in the other's VirtualService"),
      "istio-plain": full("entries in the other's VirtualService"),
      "gateway-api": full("rules with header matches, which go before those without"),
    },
  },
  {
    name: "answering requests for another deployment by a header's presence",
    uses: ({ takeover }) => when(takeover?.headers.some(({ value }) => (value ?? "") === "") ?? false, "the takeover"),
    targets: {
      gateway: full("routes before the other's own"),
      istio: full("entries in the other's VirtualService"),
      "istio-plain": full("entries in the other's VirtualService"),
      "gateway-api": no("only exact matches are the same in every implementation"),
    },
  },
  {
    name: "explainers",
    uses: ({ predictors }) =>
      predictors.flatMap(({ name, explainer }) => when(explainer !== undefined, `explainer of ${name}`)),
    targets: {
      gateway: full("a route each"),
      istio: full("a VirtualService each"),
      "istio-plain": full("a VirtualService each"),
      "gateway-api": full("an HTTPRoute each"),
    },
  },
  {
    name: "requests inside the mesh (gateway `mesh`)",
    uses: ({ gateways }) => when(gateways.includes("mesh"), "the gateway mesh"),
    targets: {
      gateway: no("it is no mesh; callers use the gateway"),
      istio: full("the filter in the callers' sidecars"),
      "istio-plain": full("the callers' sidecars"),
      "gateway-api": no("a route of a host has Gateways as parents, no mesh"),
    },
  },
];

/** Names of the targets for people. */
export const FEATURE_TARGETS: Readonly<Record<FeatureTarget, string>> = {
  gateway: "Graphway's gateway",
  istio: "Istio with the filter",
  "istio-plain": "Istio without the filter",
  "gateway-api": "Gateway API",
};

/**
 * A problem for everything that a plan asks for and a target cannot say, or not all of it. The Istio objects come with their
 * own problems (render/istio), which a test holds against this table.
 */
export function findInexpressible(plan: DeploymentPlan, target: FeatureTarget): readonly Problem[] {
  return FEATURES.flatMap(({ name, uses, targets }) => {
    const { level, how } = targets[target];
    if (level === "full") return [];
    return uses(plan).map((use) => {
      const message = `${target}: ${use}: ${name}: ${level === "no" ? "not possible" : "only in part"}: ${how}`;
      return problem("TargetInexpressible", { object: plan.key, message });
    });
  });
}
