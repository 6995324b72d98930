// What the node metadata of an orchestrator is called. Portable: compiled by tsc and by asc.

/** What an orchestrator says of itself in the node metadata of its xDS stream. */
export const METADATA_ROLE = "ROLE";
export const ROLE_ORCHESTRATOR = "orchestrator";
/**
 * The ENGINE_PREDICTOR it was started with: the first 16 hexadecimal digits of the SHA-256 of the variable's text. It tells pods of one
 * template from those of the next, which may have other containers beside them. Absent without that variable.
 */
export const METADATA_ENGINE_PREDICTOR = "ENGINE_PREDICTOR_SHA256";
