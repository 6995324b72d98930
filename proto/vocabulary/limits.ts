// Limits that both sides of a process border must agree on. Portable: compiled by tsc and by asc.

/** Shadows that one request can have at most. */
export const MAX_SHADOWS_PER_REQUEST = 4;
/** Largest weight of a predictor in a split; keeps weight times cost exact in 53 bits. */
export const MAX_WEIGHT = 1000000;
/** Longest value of an answer header (`decision`, `path`, `routing`), in bytes. */
export const MAX_ANSWER_HEADER_BYTES = 4096;
/** Longest sticky key that takes part in the hash, in bytes; the rest is ignored. */
export const MAX_STICKY_KEY_BYTES = 1024;
/** Largest route table, in bytes. */
export const MAX_TABLE_BYTES = 4194304;
