import { randomBytes } from "node:crypto";
import {
  startLeaderElection,
  type LeaderElection,
  type LeaderElectionOptions,
} from "../../deliver/kubernetes/lease.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import type { Clock } from "../../kubernetes-api/clock.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";

/** Contends for the Lease, where settings ask for an election. */
export function contend(
  client: ApiClient,
  { leader, ownNamespace, podName }: ClusterSettings,
  clock: Clock,
  told: Pick<LeaderElectionOptions, "onAcquired" | "onLost" | "onError">,
): LeaderElection | undefined {
  if (leader === undefined) return undefined;
  return startLeaderElection({
    client,
    key: { namespace: ownNamespace, name: leader.leaseName },
    identity: `${podName}_${randomBytes(6).toString("hex")}`,
    settings: { leaseMs: leader.leaseDurationMs, renewMs: leader.renewDeadlineMs, retryMs: leader.retryPeriodMs },
    clock,
    ...told,
  });
}
