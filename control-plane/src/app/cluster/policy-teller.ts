import { FIELD_MANAGER } from "../../deliver/rollout/managed-fields.ts";
import { ApiError, type ApiClient } from "../../kubernetes-api/api-client.ts";
import type { Clock } from "../../kubernetes-api/clock.ts";
import { keyOf, type KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { findingsOf, policyStatus, statusWithoutUs } from "./policy-status.ts";
import type { PolicyTarget, ReconcilerOptions } from "./reconcile.ts";
import { sameJson } from "./same-json.ts";

export interface PolicyTellerOptions {
  readonly client: Pick<ApiClient, "patch">;
  /** CONTROLLER_ID; several control planes of one cluster have one each. */
  readonly controllerId: string;
  readonly clock: Pick<Clock, "nowMs">;
  /** The policy as it is then. */
  readonly onWritten: (policy: KubernetesObject) => void;
}

/** Writes what became of policies into their status, where it does not say so yet. */
export function createPolicyTeller(options: PolicyTellerOptions): ReconcilerOptions["tellPolicies"] {
  const controllerName = `graphway.dev/control-plane${options.controllerId === "" ? "" : `-${options.controllerId}`}`;

  async function tell(policy: KubernetesObject, target: PolicyTarget): Promise<void> {
    if (policy.metadata.deletionTimestamp !== undefined) return;
    const status =
      target === "foreign"
        ? statusWithoutUs(policy, controllerName)
        : policyStatus(policy, findingsOf(policy, target), controllerName, options.clock.nowMs());
    if (status === undefined || sameJson(status, policy["status"])) return;
    const { uid, resourceVersion } = policy.metadata;
    // The list holds what others said: it is written only over the version that was read.
    const patch = [
      { op: "test", path: "/metadata/uid", value: uid },
      { op: "test", path: "/metadata/resourceVersion", value: resourceVersion },
      { op: "add", path: "/status", value: status },
    ];
    try {
      const place = { subresource: "status", fieldManager: FIELD_MANAGER } as const;
      options.onWritten(await options.client.patch(RESOURCE.routePolicy, keyOf(policy), patch, place));
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
    }
  }

  return async (policies, target) => {
    for (const policy of policies) await tell(policy, target);
  };
}
