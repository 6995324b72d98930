// Where things stand in a route table, in bytes; proto/schema/route-table.md is the text. Portable: compiled by tsc and by asc.

/** "GWRT", read little-endian. */
export const TABLE_MAGIC: u32 = 0x54525747;
/** The format that this tree writes, and the only one its filter reads. */
export const TABLE_VERSION: u32 = 2;

// Header
export const HEADER_BYTES: u32 = 96;
export const AT_MAGIC: u32 = 0;
export const AT_VERSION: u32 = 4;
export const AT_ROLE: u32 = 6;
export const AT_FLAGS: u32 = 7;
export const AT_TOTAL: u32 = 8;
export const AT_CONTENT_HASH: u32 = 12;
export const AT_GENERATION: u32 = 16;
export const AT_DEPLOYMENT_COUNT: u32 = 24;
export const AT_BUCKET_MASK: u32 = 28;
export const AT_BUCKETS: u32 = 32;
export const AT_DEPLOYMENTS: u32 = 36;
export const AT_TARGETS: u32 = 40;
export const AT_TARGET_COUNT: u32 = 44;
export const AT_RULES: u32 = 48;
export const AT_RULE_COUNT: u32 = 52;
export const AT_CONDITIONS: u32 = 56;
export const AT_CONDITION_COUNT: u32 = 60;
export const AT_SHADOWS: u32 = 64;
export const AT_SHADOW_COUNT: u32 = 68;
export const AT_STICKY_KEYS: u32 = 72;
export const AT_STICKY_KEY_COUNT: u32 = 76;
export const AT_GRANTS: u32 = 80;
export const AT_GRANT_COUNT: u32 = 84;
export const AT_STRINGS: u32 = 88;
export const AT_STRINGS_BYTES: u32 = 92;

/** Inbound: headers of ours count only where the caller showed a certificate. */
export const FLAG_PEERS_ONLY: u32 = 1;

// Deployment record
export const DEPLOYMENT_BYTES: u32 = 48;
export const DEPLOYMENT_KEY: u32 = 0;
export const DEPLOYMENT_KEY_LENGTH: u32 = 4;
export const DEPLOYMENT_FORCE_GRANTS: u32 = 6;
export const DEPLOYMENT_EXPLAIN_GRANTS: u32 = 7;
export const DEPLOYMENT_HASH: u32 = 8;
export const DEPLOYMENT_FIRST_TARGET: u32 = 12;
export const DEPLOYMENT_PREDICTORS: u32 = 16;
export const DEPLOYMENT_RULES: u32 = 18;
export const DEPLOYMENT_FIRST_RULE: u32 = 20;
export const DEPLOYMENT_FIRST_SHADOW: u32 = 24;
export const DEPLOYMENT_SHADOWS: u32 = 28;
export const DEPLOYMENT_STICKY_KEYS: u32 = 30;
export const DEPLOYMENT_RESERVED: u32 = 31;
export const DEPLOYMENT_FIRST_STICKY_KEY: u32 = 32;
/** Those of force, then those of explain. */
export const DEPLOYMENT_FIRST_GRANT: u32 = 36;
export const DEPLOYMENT_DEFAULT_TIMEOUT_MS: u32 = 40;
export const DEPLOYMENT_MAX_TIMEOUT_MS: u32 = 44;

// Target record: a predictor of a split
export const TARGET_BYTES: u32 = 32;
export const TARGET_NAME: u32 = 0;
export const TARGET_NAME_LENGTH: u32 = 4;
export const TARGET_RESERVED: u32 = 6;
export const TARGET_WEIGHT: u32 = 8;
export const TARGET_SEED_A: u32 = 12;
export const TARGET_SEED_B: u32 = 16;
export const TARGET_HTTP: u32 = 20;
export const TARGET_HTTP_LENGTH: u32 = 24;
export const TARGET_GRPC_LENGTH: u32 = 26;
export const TARGET_GRPC: u32 = 28;

// Rule record
export const RULE_BYTES: u32 = 32;
export const RULE_NAME: u32 = 0;
export const RULE_NAME_LENGTH: u32 = 4;
export const RULE_CONDITIONS: u32 = 6;
export const RULE_FIRST_CONDITION: u32 = 8;
/** The highest draw that the rule still takes. */
export const RULE_LAST_DRAW: u32 = 12;
export const RULE_SEED_A: u32 = 16;
export const RULE_SEED_B: u32 = 20;
export const RULE_FIRST_TARGET: u32 = 24;
export const RULE_PREDICTORS: u32 = 28;
export const RULE_RESERVED: u32 = 30;

// Condition record
export const CONDITION_BYTES: u32 = 16;
export const CONDITION_ON: u32 = 0;
export const CONDITION_TEST: u32 = 1;
export const CONDITION_NAME_LENGTH: u32 = 2;
export const CONDITION_NAME: u32 = 4;
export const CONDITION_TEXT: u32 = 8;
export const CONDITION_TEXT_LENGTH: u32 = 12;
export const CONDITION_RESERVED: u32 = 14;

// Shadow record; the first fields are those of a target
export const SHADOW_BYTES: u32 = 48;
/** The highest draw that still gets a copy, where a target has its weight. */
export const SHADOW_LAST_DRAW: u32 = 8;
/** Conditions that must all hold. */
export const SHADOW_CONDITIONS: u32 = 6;
export const SHADOW_FIRST_CONDITION: u32 = 32;
/** Conditions after those, of which one must hold; 0: no matter which predictor answers. */
export const SHADOW_BESIDE: u32 = 36;
export const SHADOW_RESERVED: u32 = 38;
/** NO_BODY_LIMIT: any body is copied. */
export const SHADOW_MAX_BODY_BYTES: u32 = 40;
export const SHADOW_RESERVED_2: u32 = 44;
export const NO_BODY_LIMIT: u32 = 0xffffffff;

// Sticky key record
export const STICKY_KEY_BYTES: u32 = 16;
export const STICKY_KEY_KIND: u32 = 0;
/** 1: a client without any key gets this cookie. */
export const STICKY_KEY_ISSUE: u32 = 1;
export const STICKY_KEY_NAME_LENGTH: u32 = 2;
export const STICKY_KEY_NAME: u32 = 4;
/** What follows `name=value` in `set-cookie`. */
export const STICKY_KEY_ATTRIBUTES: u32 = 8;
export const STICKY_KEY_ATTRIBUTES_LENGTH: u32 = 12;
export const STICKY_KEY_RESERVED: u32 = 14;

// Grant record
export const GRANT_BYTES: u32 = 16;
export const GRANT_KIND: u32 = 0;
export const GRANT_RESERVED: u32 = 1;
export const GRANT_NAME_LENGTH: u32 = 2;
export const GRANT_NAME: u32 = 4;
/** The 32 bytes of a SHA-256, or the value of a claim. */
export const GRANT_TEXT: u32 = 8;
export const GRANT_TEXT_LENGTH: u32 = 12;
export const GRANT_RESERVED_2: u32 = 14;

export const ROLE_GATEWAY: u32 = 0;
export const ROLE_OUTBOUND: u32 = 1;
export const ROLE_INBOUND: u32 = 2;

export const STICKY_HEADER: u32 = 1;
export const STICKY_COOKIE: u32 = 2;
export const STICKY_QUERY: u32 = 3;

export const ON_HEADER: u32 = 1;
export const ON_COOKIE: u32 = 2;
export const ON_QUERY: u32 = 3;
export const ON_PATH: u32 = 4;
export const ON_METHOD: u32 = 5;
/** `rest` or `grpc`, exact. */
export const ON_TRANSPORT: u32 = 6;
/** The name of the chosen predictor, exact; only in `beside` of a shadow. */
export const ON_PREDICTOR: u32 = 7;

export const TEST_PRESENT: u32 = 1;
export const TEST_ABSENT: u32 = 2;
export const TEST_EXACT: u32 = 3;
export const TEST_PREFIX: u32 = 4;
export const TEST_SUFFIX: u32 = 5;
export const TEST_CONTAINS: u32 = 6;

export const GRANT_ANYONE: u32 = 1;
export const GRANT_SECRET: u32 = 2;
export const GRANT_CLAIM: u32 = 3;

/** Longest `<namespace>/<name>`, and longest other string of a table, in bytes. */
export const MAX_TABLE_STRING_BYTES: u32 = 1024;
/** Predictors of one split, shadows of one deployment. */
export const MAX_TARGETS_PER_DEPLOYMENT: u32 = 256;
export const MAX_RULES_PER_DEPLOYMENT: u32 = 64;
/** Conditions of one rule or shadow. */
export const MAX_CONDITIONS: u32 = 16;
export const MAX_STICKY_KEYS: u32 = 8;
/** Grants of one permission. */
export const MAX_GRANTS: u32 = 16;
/** Longest `x-graphway-force` that is looked at, in bytes. */
export const MAX_FORCE_BYTES: u32 = 1024;
/** Longest `x-graphway-secret` that is looked at, in bytes. */
export const MAX_SECRET_BYTES: u32 = 256;
/** Longest deadline, so that it fits gRPC's eight digits. */
export const MAX_TIMEOUT_MS: u32 = 99999999;
