import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { problem, type Problem } from "../../../problem/problem.ts";
import { hostsBehind } from "../../../render/xds/gateway-listeners.ts";
import { allowsNamespace, type LabelsOf } from "./allowed-namespaces.ts";
import { attachments } from "./gateway-ports.ts";
import type { GatewayRequest, ListenerRequest } from "./read-gateways.ts";

/** What is known of the listeners. */
export interface ListenerFacts {
  readonly hasCertificate: (secret: string) => boolean;
  readonly labelsOf: LabelsOf;
  /** Istio's gateways serve too: who names no Gateway of ours may be meant for those alone. */
  readonly besideIstio: boolean;
}

type Reachable = Pick<DeploymentPlan, "key" | "namespace" | "hosts" | "gateways">;

/** A warning for each deployment that no listener of the Gateways lets in, with what keeps it out. Without Gateways all are in. */
export function unreached(
  gateways: readonly GatewayRequest[],
  plans: readonly Reachable[],
  { hasCertificate, labelsOf, besideIstio }: ListenerFacts,
): readonly Problem[] {
  if (gateways.length === 0) return [];
  const attached = attachments(gateways, plans);
  const isNamed = (plan: Reachable): boolean => plan.gateways.some((name) => attached.has(name));

  function whyNot(plan: Reachable, listener: ListenerRequest): string | undefined {
    const { host, allowed, fault, secrets } = listener;
    if (fault !== undefined) return `is not served: ${fault.message}`;
    if (secrets !== undefined && !secrets.some(hasCertificate)) return "is not served: it has no certificate";
    if (!allowsNamespace(allowed, plan.namespace, labelsOf))
      return `does not allow namespace ${plan.namespace} (allowedRoutes)`;
    if (hostsBehind(plan, [{ host }]).length === 0) return `has the hostname ${host}, not ${plan.hosts.join(" or ")}`;
    return undefined;
  }

  function problemOf(plan: Reachable): readonly Problem[] {
    const reasons: string[] = [];
    for (const { key, listeners } of gateways) {
      if (attached.get(key)?.has(plan.key) !== true) continue;
      for (const listener of listeners) {
        const reason = whyNot(plan, listener);
        if (reason === undefined) return [];
        reasons.push(`${listener.name} of ${key} ${reason}`);
      }
    }
    const why = reasons.length === 0 ? "its Gateways have none" : shortened(reasons);
    const message = `no listener lets requests in to this deployment: ${why}`;
    return [problem("ListenerMissing", { object: plan.key, path: "spec.annotations", message })];
  }

  return plans.filter((plan) => !besideIstio || isNamed(plan)).flatMap(problemOf);
}

const SAID_AT_MOST = 4;

function shortened(reasons: readonly string[]): string {
  const more = reasons.length - SAID_AT_MOST;
  return [...reasons.slice(0, SAID_AT_MOST), ...(more > 0 ? [`and ${String(more)} more`] : [])].join("; ");
}
