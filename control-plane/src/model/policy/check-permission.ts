import { createHash } from "node:crypto";
import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { Permission, PermissionGrant } from "../route-policy.ts";
import { isDnsLabel } from "../validate/check-metadata.ts";
import { checkChoice, checkLength, checkName, findRepeated } from "./check-fields.ts";

const SHA256 = /^[0-9a-f]{64}$/;

/** What comes out where a variable was empty, with and without the line feed of `echo`. */
const DIGESTS_OF_NOTHING = new Set(["", "\n"].map((text) => createHash("sha256").update(text).digest("hex")));

export function checkPermission(permission: Permission, at: FieldPath): readonly Finding[] {
  const { grants = [] } = permission;
  const repeated = findRepeated(grants, (one) => JSON.stringify([one.secretSha256, one.claim, one.namespace]));
  return [
    ...checkChoice(at, permission, ["allow", "grants"]),
    ...grants.flatMap((one, index) => checkGrant(one, [...at, "grants", index])),
    ...repeated.map((index): Finding => {
      const message = `grants[${index}] says the same as one before`;
      return { code: "PolicyDuplicate", severity: "warning", at: [...at, "grants", index], message };
    }),
  ];
}

function checkGrant(grant: PermissionGrant, at: FieldPath): readonly Finding[] {
  const { secretSha256, claim, namespace } = grant;
  const findings = [...checkChoice(at, grant, ["secretSha256", "claim", "namespace"])];
  if (secretSha256 !== undefined) findings.push(...checkDigest(secretSha256, [...at, "secretSha256"]));
  if (claim !== undefined) {
    findings.push(...checkName([...at, "claim", "header"], "header", claim.header));
    findings.push(...checkLength([...at, "claim", "value"], claim.value));
  }
  if (namespace !== undefined && !isDnsLabel(namespace)) {
    const message = `${JSON.stringify(namespace)} is not a namespace that Kubernetes takes`;
    findings.push({ code: "PolicyNameInvalid", at: [...at, "namespace"], message });
  }
  return findings;
}

/** No message shows the value: it may be the secret itself. */
function checkDigest(digest: string, at: FieldPath): readonly Finding[] {
  if (!SHA256.test(digest)) {
    const message = "secretSha256 is not 64 lower-case hexadecimal digits";
    const hint = /^[0-9a-f]{64}$/i.test(digest) ? { hint: "write it in lower case" } : {};
    return [{ code: "PolicySecretInvalid", at, message, ...hint }];
  }
  if (!DIGESTS_OF_NOTHING.has(digest)) return [];
  const message = "secretSha256 is the SHA-256 of an empty text";
  return [
    { code: "PolicySecretInvalid", at, message, hint: "check that the secret was there when its SHA-256 was made" },
  ];
}
