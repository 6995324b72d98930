// Names of the parameters of graph nodes that are read by the orchestrator and never reach a model. Portable: compiled by tsc and by asc.

/** On a branch of a node that combines: `fail`, `skip` or `default`. */
export const PARAMETER_ON_ERROR = "onError";
/** Beside `onError: default` only: the message that stands in for a failed branch, in JSON. */
export const PARAMETER_DEFAULT = "default";
/** On a node that combines: how many branches must have answered. */
export const PARAMETER_MIN_READY = "minReady";
