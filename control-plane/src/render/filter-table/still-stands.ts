import type { TableDeployment, TablePredictor } from "#proto/route-table/model.ts";
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
  const forcible = new Set([...answering, ...now.split.map(({ predictor }) => predictor)]);
  const copied = new Set(now.shadows.map(({ predictor }) => predictor));
  const isThere = (name: string, use: "split" | "shadow"): boolean =>
    (["http", "grpc"] as const).every(
      (transport) => clusters(before, name, transport, use) === clusters(now, name, transport, use),
    );
  return (
    sharingIn(entry).every(({ name }) => answering.has(name) && isThere(name, "split")) &&
    forcibleIn(entry).every(({ name }) => forcible.has(name) && isThere(name, "split")) &&
    entry.shadows.every(({ name }) => copied.has(name) && isThere(name, "shadow"))
  );
}

/** Predictors that get requests of an entry; to those without a weight nobody is sent but by force. */
function sharingIn({ predictors, rules }: TableDeployment): readonly TablePredictor[] {
  return [...predictors, ...rules.flatMap((rule) => rule.predictors)].filter(({ weight }) => weight > 0);
}

/** Predictors that somebody may force a request to: all of the split, whatever their weights. */
function forcibleIn({ predictors, permits }: TableDeployment): readonly TablePredictor[] {
  return permits.force.length === 0 ? [] : predictors;
}

/** Predictors that get requests. */
function answeringIn({ split, rules, fallback }: DeploymentPlan): ReadonlySet<string> {
  const entries = [...split, ...rules.flatMap((rule) => rule.split)];
  return new Set([...entries.filter(({ weight }) => weight > 0).map(({ predictor }) => predictor), ...fallback]);
}
