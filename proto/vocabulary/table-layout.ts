// Where things stand in a route table, in bytes; proto/schema/route-table.md is the text. Portable: compiled by tsc and by asc.

/** "GWRT", read little-endian. */
export const TABLE_MAGIC: u32 = 0x54525747;
/** The format that this tree writes, and the only one its filter reads. */
export const TABLE_VERSION: u32 = 1;

// Header
export const HEADER_BYTES: u32 = 56;
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
export const AT_STRINGS: u32 = 48;
export const AT_STRINGS_BYTES: u32 = 52;

// Deployment record
export const DEPLOYMENT_BYTES: u32 = 32;
export const DEPLOYMENT_KEY: u32 = 0;
export const DEPLOYMENT_KEY_LENGTH: u32 = 4;
export const DEPLOYMENT_PERMITS: u32 = 6;
export const DEPLOYMENT_STICKY_KIND: u32 = 7;
export const DEPLOYMENT_HASH: u32 = 8;
export const DEPLOYMENT_FIRST_TARGET: u32 = 12;
export const DEPLOYMENT_PREDICTORS: u32 = 16;
export const DEPLOYMENT_SHADOWS: u32 = 18;
export const DEPLOYMENT_STICKY: u32 = 20;
export const DEPLOYMENT_STICKY_LENGTH: u32 = 24;
export const DEPLOYMENT_RESERVED: u32 = 26;

// Target record: a predictor of the split, or a shadow
export const TARGET_BYTES: u32 = 32;
export const TARGET_NAME: u32 = 0;
export const TARGET_NAME_LENGTH: u32 = 4;
export const TARGET_RESERVED: u32 = 6;
/** A predictor's weight; a shadow's highest draw that still gets a copy. */
export const TARGET_SHARE: u32 = 8;
export const TARGET_SEED_A: u32 = 12;
export const TARGET_SEED_B: u32 = 16;
export const TARGET_HTTP: u32 = 20;
export const TARGET_HTTP_LENGTH: u32 = 24;
export const TARGET_GRPC_LENGTH: u32 = 26;
export const TARGET_GRPC: u32 = 28;

export const ROLE_GATEWAY: u32 = 0;
export const ROLE_OUTBOUND: u32 = 1;
export const ROLE_INBOUND: u32 = 2;

export const PERMIT_FORCE: u32 = 1;
export const PERMIT_EXPLAIN: u32 = 2;

export const STICKY_NONE: u32 = 0;
export const STICKY_HEADER: u32 = 1;
export const STICKY_COOKIE: u32 = 2;
export const STICKY_QUERY: u32 = 3;

/** Longest `<namespace>/<name>`, and longest predictor, cluster or sticky name, in bytes. */
export const MAX_TABLE_STRING_BYTES: u32 = 1024;
/** Predictors, and shadows, of one deployment. */
export const MAX_TARGETS_PER_DEPLOYMENT: u32 = 256;
/** Longest `x-graphway-force` that is looked at, in bytes. */
export const MAX_FORCE_BYTES: u32 = 1024;
