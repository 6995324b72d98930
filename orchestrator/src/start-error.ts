/** Why an orchestrator can't start: a setting or a file of its user's, said so that it can be mended. */
export class StartError extends Error {}
