import type { GraphSettings } from "../graph/graph.ts";

/** The settings in a pod's annotations, and what is wrong with them; `mergesMeta` counts for a graph that is not the control plane's. */
export interface AnnotationSettings extends GraphSettings {
  readonly warnings: readonly string[];
}

/** An annotation of the pod: what it sets, or why it is not read. */
export interface AnnotationSpec {
  readonly help: string;
  readonly kind: "whole number" | "true or false" | "not read";
}

const NAMES = {
  restTimeoutMs: "seldon.io/rest-timeout",
  grpcTimeoutMs: "seldon.io/grpc-timeout",
  grpcMaxMessageBytes: "seldon.io/grpc-max-message-size",
  mergesMeta: "graphway.dev/merge-meta",
} as const;

const OF_JAVA = "was read by Seldon's Java engine, and by nothing since";

/** Every annotation of the pod that the orchestrator knows. */
export const ANNOTATIONS: Readonly<Record<string, AnnotationSpec>> = {
  [NAMES.restTimeoutMs]: {
    kind: "whole number",
    help: "milliseconds that a REST call of a node may take, its body included",
  },
  [NAMES.grpcTimeoutMs]: { kind: "whole number", help: "milliseconds that a gRPC call of a node may take" },
  [NAMES.grpcMaxMessageBytes]: {
    kind: "whole number",
    help: "largest gRPC message in bytes, from clients and to them",
  },
  [NAMES.mergesMeta]: { kind: "true or false", help: "the answer's `meta` says what every node said in its own" },
  "seldon.io/rest-read-timeout": { kind: "not read", help: `${OF_JAVA}. Use \`${NAMES.restTimeoutMs}\`` },
  "seldon.io/rest-connection-timeout": { kind: "not read", help: `${OF_JAVA}. Use \`--node_connect_timeout\`` },
  "seldon.io/rest-connect-retries": { kind: "not read", help: OF_JAVA },
  "seldon.io/grpc-read-timeout": { kind: "not read", help: `${OF_JAVA}. Use \`${NAMES.grpcTimeoutMs}\`` },
};

/** Reads the downward API's annotations file: lines `key="value"`, the value quoted as Go quotes text. */
export function readAnnotations(text: string): AnnotationSettings {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) values.set(line.slice(0, equals).trim(), unquoted(line.slice(equals + 1).trim()));
  }
  const warnings: string[] = [];
  const read = (name: string): number => {
    const value = values.get(name);
    if (value === undefined) return 0;
    if (/^\d{1,10}$/.test(value.trim())) return Number(value);
    warnings.push(`annotation ${name}: "${value}" is not a whole number; it is not used`);
    return 0;
  };
  for (const [name, { kind, help }] of Object.entries(ANNOTATIONS)) {
    if (kind === "not read" && values.has(name)) warnings.push(`annotation ${name}: ${help.replaceAll("`", "")}`);
  }
  return {
    restTimeoutMs: read(NAMES.restTimeoutMs),
    grpcTimeoutMs: read(NAMES.grpcTimeoutMs),
    grpcMaxMessageBytes: read(NAMES.grpcMaxMessageBytes),
    mergesMeta: values.get(NAMES.mergesMeta)?.toLowerCase() === "true",
    warnings,
  };
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value.replaceAll(/^"|"$/g, "");
  }
}
