import type { KubernetesObject } from "../../../kubernetes-api/object.ts";

/** Whether Gateways of a namespace may use a Secret of another one. */
export type MayUseSecret = (
  gatewayNamespace: string,
  secret: { readonly namespace: string; readonly name: string },
) => boolean;

interface GrantSpec {
  readonly from?: readonly { readonly group?: string; readonly kind?: string; readonly namespace?: string }[];
  readonly to?: readonly { readonly group?: string; readonly kind?: string; readonly name?: string }[];
}

/** What ReferenceGrants of Gateway API say: one in the Secret's namespace names the Gateways' namespace and, or not, the Secret. */
export function mayUseSecret(grants: readonly KubernetesObject[]): MayUseSecret {
  return (gatewayNamespace, { namespace, name }) =>
    grants.some((grant) => {
      if (grant.metadata.namespace !== namespace) return false;
      const { from = [], to = [] } = (grant["spec"] ?? {}) as GrantSpec;
      const isFrom = from.some(
        (one) =>
          one.group === "gateway.networking.k8s.io" && one.kind === "Gateway" && one.namespace === gatewayNamespace,
      );
      const isTo = to.some((one) => (one.group ?? "") === "" && one.kind === "Secret" && (one.name ?? name) === name);
      return isFrom && isTo;
    });
}
