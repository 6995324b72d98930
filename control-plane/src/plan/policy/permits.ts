import type { Permission, PermissionGrant, RoutePolicySpec } from "../../model/route-policy.ts";
import type { Grant, Permits } from "../traffic-plan.ts";

/** What clients may ask for; nobody may where the policy says nothing. */
export function planPermits(policy: RoutePolicySpec | undefined): Permits {
  return { force: grantsOf(policy?.force), explain: grantsOf(policy?.explain) };
}

function grantsOf(permission: Permission | undefined): readonly Grant[] {
  if (permission?.allow === true) return [{ kind: "anyone" }];
  return (permission?.grants ?? []).flatMap((one) => grantOf(one) ?? []);
}

function grantOf({ secretSha256, claim, namespace }: PermissionGrant): Grant | undefined {
  if (secretSha256 !== undefined) return { kind: "secret", sha256: secretSha256 };
  if (claim !== undefined) return { kind: "claim", header: claim.header.toLowerCase(), value: claim.value };
  return namespace === undefined ? undefined : { kind: "namespace", namespace };
}
