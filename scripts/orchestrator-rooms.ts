/**
 * The rooms of orchestrator/src and what each may import of the others, from the bottom up; orchestrator/README.md says
 * what they are for. Only main.ts and app.ts, which wire them, know all.
 */
export const ORCHESTRATOR_IMPORTS = {
  "orchestrator/start-error": [],
  "orchestrator/openapi": [],
  "orchestrator/memory": [],
  "orchestrator/http2": ["orchestrator/memory"],
  "orchestrator/graph": [],
  "orchestrator/execute": ["orchestrator/graph"],
  "orchestrator/grpc": ["orchestrator/memory", "orchestrator/execute"],
  "orchestrator/policy": ["orchestrator/execute", "orchestrator/graph"],
  "orchestrator/codec": ["orchestrator/execute", "orchestrator/graph"],
  "orchestrator/protocol": ["orchestrator/codec", "orchestrator/execute", "orchestrator/graph"],
  "orchestrator/meta": ["orchestrator/protocol", "orchestrator/codec", "orchestrator/execute", "orchestrator/graph"],
  "orchestrator/observe": ["orchestrator/execute", "orchestrator/graph"],
  "orchestrator/tls": ["orchestrator/observe", "orchestrator/start-error"],
  "orchestrator/config": ["orchestrator/tls", "orchestrator/observe", "orchestrator/graph", "orchestrator/start-error"],
  "orchestrator/workers": ["orchestrator/config", "orchestrator/observe"],
  "orchestrator/xds": [
    "orchestrator/tls",
    "orchestrator/observe",
    "orchestrator/grpc",
    "orchestrator/execute",
    "orchestrator/graph",
  ],
  "orchestrator/node": [
    "orchestrator/tls",
    "orchestrator/observe",
    "orchestrator/protocol",
    "orchestrator/codec",
    "orchestrator/http2",
    "orchestrator/grpc",
    "orchestrator/memory",
    "orchestrator/execute",
    "orchestrator/graph",
  ],
  "orchestrator/walk": [
    "orchestrator/node",
    "orchestrator/meta",
    "orchestrator/observe",
    "orchestrator/protocol",
    "orchestrator/codec",
    "orchestrator/execute",
    "orchestrator/graph",
  ],
  "orchestrator/server": [
    "orchestrator/walk",
    "orchestrator/node",
    "orchestrator/meta",
    "orchestrator/config",
    "orchestrator/tls",
    "orchestrator/observe",
    "orchestrator/protocol",
    "orchestrator/codec",
    "orchestrator/policy",
    "orchestrator/http2",
    "orchestrator/grpc",
    "orchestrator/openapi",
    "orchestrator/memory",
    "orchestrator/execute",
    "orchestrator/graph",
    "orchestrator/start-error",
  ],
} as const satisfies Record<string, readonly string[]>;

export type OrchestratorRoom = keyof typeof ORCHESTRATOR_IMPORTS;
export const ORCHESTRATOR_ROOMS = Object.keys(ORCHESTRATOR_IMPORTS) as readonly OrchestratorRoom[];

/** What the paths of each room's modules begin with; one room is a single file. */
export const ORCHESTRATOR_PATHS = Object.fromEntries(
  ORCHESTRATOR_ROOMS.map((room) => {
    const end = room === "orchestrator/start-error" ? "." : "/";
    return [room, room.replace("orchestrator/", "orchestrator/src/") + end];
  }),
) as Readonly<Record<OrchestratorRoom, string>>;
