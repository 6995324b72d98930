import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { problem, type Problem } from "../../../problem/problem.ts";
import type { IstioObjects } from "./istio-objects.ts";
import { gatewaysIn } from "./route-book.ts";

/** Names of the Gateways that are there, as `<namespace>/<name>`; undefined: not known. */
export function presentGateways({ gateways }: IstioObjects): ReadonlySet<string> | undefined {
  return gateways && new Set(gateways.map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`));
}

/** Names of which `one` has what `other` lacks, or the other way round. */
export function differingNames(
  one: ReadonlySet<string> = new Set(),
  other: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  return new Set([...[...one].filter((name) => !other.has(name)), ...[...other].filter((name) => !one.has(name))]);
}

/** A warning for each Gateway that a deployment names and that is not there. Those that can't be looked for are left out. */
export function missingGateways(plan: DeploymentPlan, objects: IstioObjects): readonly Problem[] {
  const present = presentGateways(objects);
  if (present === undefined) return [];
  const { namespace } = objects;
  const isWatched = (name: string): boolean => namespace === undefined || name.startsWith(`${namespace}/`);
  return gatewaysIn(plan)
    .filter((name) => isWatched(name) && !present.has(name))
    .map((name) => {
      const message = `there is no Gateway ${name}: requests from outside do not reach this deployment`;
      return problem("GatewayMissing", { object: plan.key, path: "spec.annotations", message });
    });
}
