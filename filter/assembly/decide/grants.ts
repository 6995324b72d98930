// Who may force and who may ask for an explanation. Asked only of requests that want one of them.
import * as at from "../../../proto/vocabulary/table-layout";
import { sameText } from "../bytes";
import { digest, hashSha256, sameDigest } from "../sha256";
import { grantAt, stringAt } from "../table/records";
import { findHeaders, secret } from "./headers";

function hasClaim(table: usize, grant: usize): bool {
  const claim = findHeaders(stringAt(table, grant + at.GRANT_NAME), load<u16>(grant + at.GRANT_NAME_LENGTH));
  if (claim.count != 1) return false;
  return sameText(claim.text, claim.length, stringAt(table, grant + at.GRANT_TEXT), load<u16>(grant + at.GRANT_TEXT_LENGTH));
}

function isGranted(table: usize, first: u32, count: u32): bool {
  const hasSecret = secret.length > 0 && secret.length <= at.MAX_SECRET_BYTES;
  let isHashed = false;
  for (let index: u32 = 0; index < count; index++) {
    const grant = grantAt(table, first + index);
    const kind: u32 = load<u8>(grant + at.GRANT_KIND);
    if (kind == at.GRANT_ANYONE) return true;
    if (kind == at.GRANT_CLAIM && hasClaim(table, grant)) return true;
    if (kind != at.GRANT_SECRET || !hasSecret) continue;
    if (!isHashed) hashSha256(secret.text, secret.length);
    isHashed = true;
    if (sameDigest(digest, stringAt(table, grant + at.GRANT_TEXT))) return true;
  }
  return false;
}

/** True when the client may force a predictor and branches. */
export function mayForce(table: usize, deployment: usize): bool {
  return isGranted(table, load<u32>(deployment + at.DEPLOYMENT_FIRST_GRANT), load<u8>(deployment + at.DEPLOYMENT_FORCE_GRANTS));
}

/** True when the client may ask for the decision. */
export function mayExplain(table: usize, deployment: usize): bool {
  const force: u32 = load<u8>(deployment + at.DEPLOYMENT_FORCE_GRANTS);
  const first = load<u32>(deployment + at.DEPLOYMENT_FIRST_GRANT) + force;
  return isGranted(table, first, load<u8>(deployment + at.DEPLOYMENT_EXPLAIN_GRANTS));
}
