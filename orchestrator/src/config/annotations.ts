import type { NodeDefaults } from "../execute/served-graph.ts";

/** The settings in a pod's annotations, and what is wrong with them. */
export interface AnnotationSettings extends NodeDefaults {
  /** For a graph that does not come from the control plane. */
  readonly mergesMeta: boolean;
  readonly warnings: readonly string[];
}

const NAMES = {
  restTimeoutMs: "seldon.io/rest-timeout",
  grpcTimeoutMs: "seldon.io/grpc-timeout",
  grpcMaxMessageBytes: "seldon.io/grpc-max-message-size",
} as const;

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
  return {
    restTimeoutMs: read(NAMES.restTimeoutMs),
    grpcTimeoutMs: read(NAMES.grpcTimeoutMs),
    grpcMaxMessageBytes: read(NAMES.grpcMaxMessageBytes),
    mergesMeta: values.get("graphway.dev/merge-meta")?.toLowerCase() === "true",
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
