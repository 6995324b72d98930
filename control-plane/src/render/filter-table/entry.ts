import type { TableDeployment } from "#proto/route-table/model.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { ClusterNaming } from "./clusters.ts";
import { unfitBecause } from "./fitness.ts";
import { bytesOf } from "./entry-bytes.ts";
import { type Audience, tableDeployment } from "./table-deployment.ts";

/** What a plan is in a table: a deployment and the most bytes that it takes, or why it cannot stand there. */
export type TableEntry =
  { readonly deployment: TableDeployment; readonly bytes: number } | { readonly unfitBecause: string };

/** Entries by the namespace of callers that they are for; "" is for all others. */
type EntriesOfPlan = Map<string, TableEntry>;

/** For as long as a plan is served it is made into a table's entry once. */
const ENTRIES = new WeakMap<ClusterNaming, WeakMap<DeploymentPlan, EntriesOfPlan>>();

/** The namespace, where the plan grants it anything. */
function grantedNamespace({ permits }: DeploymentPlan, callerNamespace: string | undefined): string {
  if (callerNamespace === undefined) return "";
  const isGranted = [...permits.force, ...permits.explain].some(
    (grant) => grant.kind === "namespace" && grant.namespace === callerNamespace,
  );
  return isGranted ? callerNamespace : "";
}

function makeEntry(plan: DeploymentPlan, audience: Audience): TableEntry {
  const deployment = tableDeployment(plan, audience);
  const because = unfitBecause(deployment);
  return because === undefined ? { deployment, bytes: bytesOf(deployment) } : { unfitBecause: because };
}

/** What a plan is in a table for this audience. A plan and a naming that were seen before are not looked at again. */
export function tableEntry(plan: DeploymentPlan, audience: Audience): TableEntry {
  const plans = ENTRIES.get(audience.clusters) ?? new WeakMap<DeploymentPlan, EntriesOfPlan>();
  ENTRIES.set(audience.clusters, plans);
  const entries = plans.get(plan) ?? new Map<string, TableEntry>();
  plans.set(plan, entries);
  const caller = grantedNamespace(plan, audience.callerNamespace);
  const entry = entries.get(caller) ?? makeEntry(plan, audience);
  entries.set(caller, entry);
  return entry;
}
