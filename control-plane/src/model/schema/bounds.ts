import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import { ownValue } from "../path.ts";
import type { ModelLimits } from "../settings.ts";

/** What makes a value too large to be walked, if anything. Needs no recursion itself, and ends on cycles too. */
export function findOversize(value: unknown, limits: ModelLimits): Finding | undefined {
  let count = 0;
  const waiting: { readonly value: object; readonly depth: number }[] = [];
  const push = (child: unknown, depth: number): void => {
    count += 1;
    if (typeof child === "object" && child !== null) waiting.push({ value: child, depth });
  };
  push(value, 1);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > limits.maxNesting) return oversize(`more than ${limits.maxNesting} levels of maps and lists`);
    for (const child of Object.values(next.value)) push(child, next.depth + 1);
    if (count > limits.maxNodes) return oversize(`more than ${limits.maxNodes} values`);
  }
  return undefined;
}

function oversize(what: string): Finding {
  return { code: "TextTooLarge", at: [], message: `the object has ${what}` };
}

/** The first node of each graph that lies deeper than the limit. */
export function findDeepGraphs(value: unknown, limits: ModelLimits): readonly Finding[] {
  const predictors = ownValue(ownValue(value, "spec"), "predictors");
  if (!Array.isArray(predictors)) return [];
  return predictors.flatMap((predictor: unknown, index) => {
    const path = firstBelow(ownValue(predictor, "graph"), ["spec", "predictors", index, "graph"], limits.maxGraphDepth);
    if (path === undefined) return [];
    const message = `the graph has more than ${limits.maxGraphDepth} levels of children below its root`;
    return [{ code: "GraphTooDeep", at: path, message } satisfies Finding];
  });
}

function firstBelow(root: unknown, rootPath: FieldPath, maxDepth: number): FieldPath | undefined {
  const waiting: { readonly node: unknown; readonly path: FieldPath; readonly depth: number }[] = [
    { node: root, path: rootPath, depth: 0 },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, path, depth } = next;
    if (depth > maxDepth) return path;
    const children = ownValue(node, "children");
    if (!Array.isArray(children)) continue;
    for (let index = children.length - 1; index >= 0; index -= 1) {
      waiting.push({ node: children[index], path: [...path, "children", index], depth: depth + 1 });
    }
  }
  return undefined;
}
