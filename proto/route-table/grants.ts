import { createHash, timingSafeEqual } from "node:crypto";
import { HEADER_SECRET } from "../vocabulary/headers.ts";
import { MAX_SECRET_BYTES } from "../vocabulary/table-layout.ts";
import type { TableGrant } from "./model.ts";
import { firstValue, type Headers, onlyValue } from "./request.ts";

function isSecret(sha256: string, given: string | undefined): boolean {
  if (given === undefined || given === "" || given.length > MAX_SECRET_BYTES) return false;
  const digest = createHash("sha256").update(given, "latin1").digest();
  return timingSafeEqual(digest, Buffer.from(sha256, "hex"));
}

/** Whether a request may do what these grants allow; none of them: it may not. */
export function isGranted(grants: readonly TableGrant[], headers: Headers): boolean {
  return grants.some((grant) => {
    switch (grant.kind) {
      case "anyone":
        return true;
      case "secret":
        return isSecret(grant.sha256, firstValue(headers, HEADER_SECRET));
      case "claim":
        return onlyValue(headers, grant.header) === grant.value;
    }
  });
}
