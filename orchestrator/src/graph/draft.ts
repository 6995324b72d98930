import type { Builtin, GraphSettings, NodeMethod, NodeParameter, NodeType, Transport } from "./graph.ts";

/** A graph as its source says it, before any check: what the three sources have in common. */
export interface DraftGraph {
  readonly namespace: string;
  readonly deployment: string;
  readonly predictor: string;
  readonly predictorVersion: string;
  readonly protocol: string;
  readonly root: DraftNode | undefined;
  readonly allowBranches: boolean;
  readonly allowExplain: boolean;
  readonly settings: GraphSettings;
}

export interface DraftNode {
  readonly name: string;
  readonly type: NodeType | undefined;
  /** Absent: a container. */
  readonly builtin: Builtin | undefined;
  readonly methods: readonly NodeMethod[];
  readonly endpoint: DraftEndpoint | undefined;
  readonly parameters: readonly NodeParameter[];
  readonly image: string;
  readonly logger: DraftLogger | undefined;
  readonly children: readonly DraftNode[];
}

export interface DraftLogger {
  /** request, response or all. */
  readonly mode: string;
  /** May be empty. */
  readonly url: string;
}

export interface DraftEndpoint {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly servicePort: number;
  readonly transport: Transport | undefined;
}

/** Who the orchestrator serves, from its flags. */
export interface Identity {
  readonly namespace: string;
  readonly deployment: string;
  readonly predictor: string;
}

/** What the process itself is told of a graph that does not come from the control plane. */
export interface LocalSettings {
  readonly protocol: string;
  readonly mergesMeta: boolean;
}

export const NO_SETTINGS: GraphSettings = {
  restTimeoutMs: 0,
  grpcTimeoutMs: 0,
  grpcMaxMessageBytes: 0,
  mergesMeta: false,
};

/** Deeper graphs are refused. */
export const MAX_DEPTH = 64;
/** Larger graphs are refused. */
export const MAX_NODES = 1024;
