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
    // The list holds what others said: it is written only over the version that was read.
    const { resourceVersion } = policy.metadata;
    const place = { subresource: "status", fieldManager: FIELD_MANAGER } as const;
    try {
      const patch = { metadata: { resourceVersion }, status };
      options.onWritten(await options.client.patch(RESOURCE.routePolicy, keyOf(policy), patch, place));
    } catch (error) {
      if (!isNoLongerAsRead(error)) throw error;
    }
  }

  return async (policies, target) => {
    for (const policy of policies) await tell(policy, target);
  };
}

/** Somebody was faster, or it is gone. The watch tells of either, and then it is looked at anew. */
function isNoLongerAsRead(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 409 || error.status === 404);
}
