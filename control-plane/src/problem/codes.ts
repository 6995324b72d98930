import type { Severity } from "./problem.ts";

/** One row of the table of problem codes. */
export interface ProblemCodeRow {
  readonly severity: Severity;
  /** What the code stands for, one sentence; printed in docs/problems.md. */
  readonly meaning: string;
  /** What to do about it when the place that reports it knows nothing better. */
  readonly hint: string;
}

/** Every code a problem can carry. docs/problems.md is generated from this table. */
export const PROBLEM_CODES = {
  SourceUnreadable: {
    severity: "error",
    meaning: "A file or folder named by the user cannot be read.",
    hint: "check that the path exists and that you may read it",
  },
  TooManyShadows: {
    severity: "warning",
    meaning: "A deployment has more shadows than one request can be copied to.",
    hint: "mark fewer predictors as shadow",
  },
  LocalCommandMissing: {
    severity: "error",
    meaning: "Local mode: a container of the graph has no `command`, so there is nothing to run as a process.",
    hint: "add a `command` to the container, or point its node at something already running with --endpoint",
  },
  LocalCommandNotFound: {
    severity: "error",
    meaning: "Local mode: the program or the working folder of a container does not exist on this machine.",
    hint: "install the program or write its path; relative paths count from the manifest's folder",
  },
  LocalContainerNotRun: {
    severity: "warning",
    meaning: "Local mode: a container outside the graph has no `command` and is left out.",
    hint: "add a `command` if the graph needs it",
  },
  LocalEndpointInvalid: {
    severity: "error",
    meaning: "A value of --endpoint cannot be read.",
    hint: "write --endpoint <deployment>/<predictor>/<node>=<host>:<port>[,<grpc-port>]",
  },
  LocalEndpointUnused: {
    severity: "warning",
    meaning: "An --endpoint names a node that no deployment has.",
    hint: "check the names of deployment, predictor and node",
  },
  LocalFieldIgnored: {
    severity: "warning",
    meaning: "Local mode: a field needs a cluster (volumes, secrets, downward API) and has no effect.",
    hint: "give the container what it needs by `env` values or by files in its working folder",
  },
  LocalPortClash: {
    severity: "error",
    meaning: "Local mode: two containers write the same port number in their commands, and all share one machine.",
    hint: "write $(PREDICTIVE_UNIT_HTTP_SERVICE_PORT) or $(PREDICTIVE_UNIT_GRPC_SERVICE_PORT) instead of the number",
  },
  LocalPortInUse: {
    severity: "error",
    meaning: "Local mode: the port a container writes in its command is in use by another program.",
    hint: "write $(PREDICTIVE_UNIT_HTTP_SERVICE_PORT) or $(PREDICTIVE_UNIT_GRPC_SERVICE_PORT) instead of the number",
  },
  LocalProcessFailed: {
    severity: "error",
    meaning: "Local mode: the process of a container or orchestrator ended; it is started again after a pause.",
    hint: "read its last lines; it is started again by itself",
  },
} as const satisfies Record<string, ProblemCodeRow>;

/** A code of the table. */
export type ProblemCode = keyof typeof PROBLEM_CODES;
