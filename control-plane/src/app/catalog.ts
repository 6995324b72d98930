import type { Model } from "../model/model.ts";
import type { DeploymentPlan } from "../plan/deployment-plan.ts";
import { hasErrors, type Checked, type Problem } from "../problem/problem.ts";

/** The last good plan of a deployment. */
export interface CatalogEntry {
  readonly plan: DeploymentPlan;
  /** The file it came from. */
  readonly file: string | undefined;
  /** True when the newest version has errors, so that an older one goes on. */
  readonly outdated: boolean;
}

/** The last good plan of every deployment, by key. */
export type Catalog = ReadonlyMap<string, CatalogEntry>;

/** How a loaded deployment becomes a plan. */
export type PlanOne = (
  loaded: Model["deployments"][number] & { readonly accepted: true },
) => Checked<DeploymentPlan | undefined>;

/**
 * The catalog after a new reading of the sources. A deployment with errors keeps its last good plan; one that is gone from a file that
 * could be read is gone; one whose file could not be read, or not be understood as a whole, stays as it was.
 */
export function updateCatalog(previous: Catalog, loaded: Checked<Model>, planOne: PlanOne): Checked<Catalog> {
  const next = new Map<string, CatalogEntry>();
  const problems: Problem[] = [...loaded.problems];
  for (const deployment of loaded.value.deployments) {
    const planned = deployment.accepted ? planOne(deployment) : undefined;
    problems.push(...(planned?.problems ?? []));
    const plan = planned === undefined || hasErrors(planned.problems) ? undefined : planned.value;
    const entry = plan ? { plan, file: deployment.file, outdated: false } : outdated(previous.get(deployment.key));
    if (entry !== undefined) next.set(deployment.key, entry);
  }
  const unclear = new Set([...loaded.value.incompleteFiles, ...silentFiles(loaded.problems)]);
  for (const [key, entry] of previous) {
    if (!next.has(key) && entry.file !== undefined && unclear.has(entry.file))
      next.set(key, { ...entry, outdated: true });
  }
  return { value: next, problems };
}

function outdated(entry: CatalogEntry | undefined): CatalogEntry | undefined {
  return entry && { ...entry, outdated: true };
}

/** Files that say nothing about what they held: unreadable, or empty, as a file is for a moment while it is written. */
function silentFiles(problems: readonly Problem[]): readonly string[] {
  const isSilent = ({ code }: Problem): boolean => code === "SourceUnreadable" || code === "TextEmpty";
  return problems.filter(isSilent).flatMap((one) => one.file ?? []);
}
