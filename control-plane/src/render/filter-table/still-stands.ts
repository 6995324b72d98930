import type { TableDeployment } from "#proto/route-table/model.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Audience } from "./table-deployment.ts";

/**
 * Whether what a table said of a deployment can go on while its newest version has no room: it sends nobody where the newest does
 * not, by no other cluster, and permits nobody more or less.
 */
export function stillStands(
  entry: TableDeployment,
  before: DeploymentPlan,
  now: DeploymentPlan,
  { clusters }: Audience,
): boolean {
  if (JSON.stringify(before.permits) !== JSON.stringify(now.permits)) return false;
  const answering = answeringIn(now);
  const copied = new Set(now.shadows.map(({ predictor }) => predictor));
  const isThere = (name: string, use: "split" | "shadow"): boolean =>
    (["http", "grpc"] as const).every(
      (transport) => clusters(before, name, transport, use) === clusters(now, name, transport, use),
    );
  const targets = [...entry.predictors, ...entry.rules.flatMap(({ predictors }) => predictors)];
  return (
    targets.every(({ name }) => answering.has(name) && isThere(name, "split")) &&
    entry.shadows.every(({ name }) => copied.has(name) && isThere(name, "shadow"))
  );
}

/** Predictors that get requests. */
function answeringIn({ split, rules, fallback }: DeploymentPlan): ReadonlySet<string> {
  const entries = [...split, ...rules.flatMap((rule) => rule.split)];
  return new Set([...entries.filter(({ weight }) => weight > 0).map(({ predictor }) => predictor), ...fallback]);
}
