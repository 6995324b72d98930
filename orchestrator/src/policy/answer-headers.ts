import { MAX_ANSWER_HEADER_BYTES } from "#proto/vocabulary/limits.ts";
import type { PathStep } from "../execute/run.ts";

/** `x-graphway-routing`: the branch taken per node, `eg-router=1;combiner=-1`. */
export function routingHeader(routing: ReadonlyMap<string, number>): string {
  const parts: string[] = [];
  for (const [node, branch] of routing) parts.push(`${safeName(node)}=${branch}`);
  return bounded(parts);
}

/**
 * `x-graphway-path`: calls, and choices made without one, in the order they ended, with milliseconds:
 * `ab/abtest:1=0.0;eg-router/route=0.8;iris/predict=2.1`. A branch that was left out is `iris/skip`, one that something
 * stood in for `iris/default`.
 */
export function pathHeader(steps: readonly PathStep[]): string {
  return bounded(
    steps.map(({ node, operation, branch, durationMs }) => {
      const step = branch === undefined ? operation : `${operation}:${branch}`;
      return `${safeName(node)}/${step}=${durationMs.toFixed(1)}`;
    }),
  );
}

/** Whole parts only, as many as fit. */
function bounded(parts: readonly string[]): string {
  const all = parts.join(";");
  if (all.length <= MAX_ANSWER_HEADER_BYTES) return all;
  const cut = all.lastIndexOf(";", MAX_ANSWER_HEADER_BYTES);
  return all.slice(0, Math.max(0, cut));
}

function safeName(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : encodeURIComponent(name.toWellFormed());
}
