import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { problem, type Problem } from "../../problem/problem.ts";
import { retriesOf } from "../retry-conditions.ts";
import { TLS_MODES, type IstioOptions } from "./options.ts";
import { isRetryCondition } from "./retry-words.ts";

/** Names of subsets must be DNS labels. */
const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

interface Lack {
  /** Field of the SeldonDeployment, or of its RoutePolicy. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}

const OWN_GATEWAY = "leave it out, or serve this deployment by Graphway's own gateway";
const INSTALL = "install it: graphway install --istio";

function ofNames(plan: DeploymentPlan, { tlsMode }: IstioOptions): readonly Lack[] {
  const mode = {
    path: "",
    message: `Istio has no TLS mode ${tlsMode}; none is set`,
    hint: `use one of ${TLS_MODES.join(", ")}`,
  };
  const subsets = plan.predictors.flatMap(({ name }, index): readonly Lack[] => {
    if (DNS_LABEL.test(name)) return [];
    const message = `Istio takes no subset named ${name}`;
    return [{ path: `spec.predictors[${index}].name`, message, hint: "use lower-case letters, digits and dashes" }];
  });
  return [...(tlsMode === "" || TLS_MODES.includes(tlsMode) ? [] : [mode]), ...subsets];
}

function ofShadows({ shadows }: DeploymentPlan, { namedEntries }: IstioOptions): readonly Lack[] {
  const away = namedEntries ? "while the filter is away" : "without the filter";
  const several = {
    path: "spec.predictors",
    message: `${away} only the first shadow gets copies`,
    hint: "mark one predictor as shadow if that matters",
  };
  return shadows.length > 1 ? [several] : [];
}

/** What no VirtualService or DestinationRule says, filter or not. */
function ofIstio(plan: DeploymentPlan): readonly Lack[] {
  const lacks: Lack[] = [];
  const { requestsPerSecond } = plan.limits ?? {};
  if (requestsPerSecond !== undefined) {
    const message = "Istio's routes limit no rate; requests per second are not limited";
    lacks.push({ path: "spec.limits.requestsPerSecond", message, hint: OWN_GATEWAY });
  }
  if (plan.fallback.length > 0) {
    const message = "Istio's routes know no predictor to fall back to; requests to one that no pod serves fail";
    lacks.push({ path: "spec.fallback", message, hint: OWN_GATEWAY });
  }
  const { conditions } = retriesOf(plan.retry, "grpc");
  const unknown = conditions.filter((word) => !isRetryCondition(word));
  if (unknown.length > 0) {
    const message = `Istio retries on no condition ${unknown.join(", ")}; left out`;
    lacks.push({ path: "spec.retries", message, hint: OWN_GATEWAY });
  }
  return lacks;
}

/** What only the filter does. */
function ofMissingFilter(plan: DeploymentPlan): readonly Lack[] {
  const { permits, deadline } = plan;
  const isPicky = plan.shadows.some((one) => one.conditions ?? one.beside ?? one.maxBodyBytes);
  const asked: readonly (readonly [path: string, is: boolean, message: string])[] = [
    ["spec.sticky", plan.sticky !== undefined, "requests are split by chance, whatever their key"],
    ["spec.rules", plan.rules.length > 0, "no rule is asked"],
    ["spec.shadows", isPicky, "shadows get copies of requests that they should not have"],
    ["spec.force", permits.force.length > 0, "nobody can force a predictor"],
    ["spec.explain", permits.explain.length > 0, "nobody is told a decision"],
    [
      "spec.deadline.defaultMs",
      deadline?.defaultMs !== undefined && deadline.maxMs !== undefined,
      "only the longest time that a request may take holds",
    ],
  ];
  return asked
    .filter(([, is]) => is)
    .map(([path, , message]) => ({ path, message: `without the filter in Istio's proxies ${message}`, hint: INSTALL }));
}

/** What the Istio objects of a plan do not say of it. */
export function findInexpressible(plan: DeploymentPlan, options: IstioOptions): readonly Problem[] {
  const lacks = [
    ...ofNames(plan, options),
    ...ofShadows(plan, options),
    ...ofIstio(plan),
    ...(options.namedEntries ? [] : ofMissingFilter(plan)),
  ];
  return lacks.map((lack) => problem("IstioInexpressible", { object: plan.key, ...lack }));
}
