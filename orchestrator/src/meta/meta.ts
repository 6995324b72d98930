import { isJsonObject, type Json, type JsonObject } from "#proto/json/json.ts";
import type { Meta } from "../execute/answer-meta.ts";

export const NO_META: Meta = { puid: "", tags: {}, requestPath: {}, metrics: [] };

/** Reads a `meta` that someone else wrote: what has another shape counts as absent. */
export function metaOf(value: unknown): Meta {
  const fields = objectOf(value as Json | undefined);
  const { puid, metrics } = fields;
  return {
    puid: typeof puid === "string" ? puid : "",
    tags: objectOf(fields["tags"]),
    requestPath: objectOf(fields["requestPath"]),
    metrics: Array.isArray(metrics) ? (metrics as readonly Json[]).filter(isJsonObject) : [],
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The metrics of `all` that `known` does not hold: as often as they stand in one more than in the other. */
export function metricsBeyond(all: readonly JsonObject[], known: readonly JsonObject[]): readonly JsonObject[] {
  if (all.length === 0 || known.length === 0) return all;
  const counts = new Map<string, number>();
  for (const one of known) counts.set(identityOf(one), (counts.get(identityOf(one)) ?? 0) + 1);
  return all.filter((one) => {
    const left = counts.get(identityOf(one)) ?? 0;
    counts.set(identityOf(one), left - 1);
    return left <= 0;
  });
}

const TYPES: readonly Json[] = ["COUNTER", "GAUGE", "TIMER"];

/** The same for a metric in every way it can be written: type by name or number, value in 32 bits, tags in any order. */
function identityOf({ key, type, value, tags }: JsonObject): string {
  const kind = typeof type === "string" ? Math.max(0, TYPES.indexOf(type)) : (type ?? 0);
  const number = typeof value === "number" ? Math.fround(value) : (value ?? 0);
  const sorted = Object.entries(objectOf(tags)).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([key ?? "", kind, number, sorted]);
}
