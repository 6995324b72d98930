import {
  GRPC_RETRY_CONDITIONS,
  HTTP_RETRY_CONDITIONS,
  type ClaimGrant,
  type Deadline,
  type Ejection,
  type Limits,
  type Permission,
  type PermissionGrant,
  type Retries,
  type RetryBudget,
} from "../route-policy.ts";
import { described, flag, object, type SchemaFor } from "./json-schema.ts";
import { checked, hidden, listOf, name, nameOf, oneOf, percent, whole } from "./route-policy-fields.ts";
import { DEADLINE_RULES, exactlyOneOf, GRANT_RULES, HEADER_NAME_RULES, LIMITS_RULES } from "./route-policy-rules.ts";
import {
  BUDGET_TEXTS,
  CLAIM_TEXTS,
  DEADLINE_TEXTS,
  EJECTION_TEXTS,
  GRANT_TEXTS,
  LIMITS_TEXTS,
  PERMISSION_TEXTS,
  RETRIES_TEXTS,
} from "./route-policy-texts.ts";

/** Who may force, and who may have explained, as far as the filter's table can hold them. */
const MOST_GRANTS = 16;
const MOST_ATTEMPTS = 100;
const MOST_STATUSES = 32;
const LONGEST_NAMESPACE = 63;
/** What `x-graphway-timeout-ms` can say. */
const LONGEST_DEADLINE_MS = 99_999_999;

const budget = described(object<RetryBudget>({ percent, minConcurrency: whole(0) }, { percent: true }), BUDGET_TEXTS);

export const retries: SchemaFor<Retries> = described(
  object<Retries>(
    {
      attempts: whole(0, MOST_ATTEMPTS),
      perTryTimeoutMs: whole(1),
      http: listOf(oneOf(HTTP_RETRY_CONDITIONS), { most: HTTP_RETRY_CONDITIONS.length }),
      grpc: listOf(oneOf(GRPC_RETRY_CONDITIONS), { most: GRPC_RETRY_CONDITIONS.length }),
      statuses: listOf(whole(400, 599), { most: MOST_STATUSES }),
      budget,
    },
    { attempts: true },
  ),
  RETRIES_TEXTS,
);

export const deadline: SchemaFor<Deadline> = checked(
  described(
    object<Deadline>({ defaultMs: whole(1, LONGEST_DEADLINE_MS), maxMs: whole(1, LONGEST_DEADLINE_MS) }, {}),
    DEADLINE_TEXTS,
  ),
  DEADLINE_RULES,
);

export const limits: SchemaFor<Limits> = checked(
  described(object<Limits>({ requestsPerSecond: whole(1), burst: whole(1), concurrency: whole(1) }, {}), LIMITS_TEXTS),
  LIMITS_RULES,
);

export const ejection: SchemaFor<Ejection> = described(
  object<Ejection>({ consecutiveErrors: whole(1), ejectMs: whole(1), maxPercent: whole(1, 100) }, {}),
  EJECTION_TEXTS,
);

const claim: SchemaFor<ClaimGrant> = described(
  object<ClaimGrant>({ header: checked(name, HEADER_NAME_RULES), value: nameOf(1024) }, { header: true, value: true }),
  CLAIM_TEXTS,
);

const grant: SchemaFor<PermissionGrant> = hidden(
  checked(
    described(
      object<PermissionGrant>(
        {
          secretSha256: hidden({ type: "string", maxLength: 256 }),
          claim: hidden(claim),
          namespace: nameOf(LONGEST_NAMESPACE),
        },
        {},
      ),
      GRANT_TEXTS,
    ),
    GRANT_RULES,
  ),
);

export const permission: SchemaFor<Permission> = hidden(
  checked(
    described(
      object<Permission>({ allow: flag, grants: hidden(listOf(grant, { most: MOST_GRANTS })) }, {}),
      PERMISSION_TEXTS,
    ),
    [exactlyOneOf("allow", "grants")],
  ),
);
