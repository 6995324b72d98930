import { FAMILIES } from "../observe/families.ts";

/** How the samples of a family become one. Quantiles of several summaries have no sum: the largest bounds them all. */
type Rule = "sum" | "max" | "min";

/** Said of all where it holds for each. */
const SMALLEST = new Set([FAMILIES.started.name, FAMILIES.lagMin.name, FAMILIES.xdsConnected.name]);

interface Family {
  /** `# HELP` and `# TYPE` lines. */
  readonly head: string[];
  readonly type: string;
  /** Name and labels of each sample, in the order they came. */
  readonly samples: Map<string, number>;
}

/**
 * One Prometheus text of several: counters, histograms and gauges are summed, so that it is what one process would have
 * counted. The start time is the earliest; `…_info`, quantiles and the event loop's delays are the largest.
 */
export function mergeMetrics(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const text of texts) add(families, text);
  return [...families.values()].map(render).join("");
}

/** The samples of a process that has ended which others go on counting: what it was at that moment is gone with it. */
export function countersOf(text: string): string {
  const families = new Map<string, Family>();
  add(families, text);
  const counted: string[] = [];
  for (const family of families.values()) {
    if (family.type === "gauge" || family.type === "untyped") continue;
    for (const key of family.samples.keys()) if (isQuantile(family, key)) family.samples.delete(key);
    if (family.samples.size > 0) counted.push(render(family));
  }
  return counted.join("");
}

function add(families: Map<string, Family>, text: string): void {
  let family: Family | undefined;
  let help: string | undefined;
  for (const line of text.split("\n")) {
    if (line.startsWith("# HELP ")) help = line;
    else if (line.startsWith("# TYPE ")) {
      const [, , name = "", type = "untyped"] = line.split(" ");
      family = families.get(name);
      if (family === undefined) {
        family = { head: help === undefined ? [line] : [help, line], type, samples: new Map() };
        families.set(name, family);
      }
      help = undefined;
    } else if (family !== undefined && line !== "" && !line.startsWith("#")) addSample(family, line);
  }
}

function addSample(family: Family, line: string): void {
  const end = line.indexOf(" ", line.lastIndexOf("}") + 1);
  const key = line.slice(0, end);
  const value = Number(line.slice(end + 1).split(" ", 1)[0]);
  const before = family.samples.get(key);
  family.samples.set(key, before === undefined ? value : combine(ruleOf(family, key), before, value));
}

function ruleOf(family: Family, key: string): Rule {
  if (SMALLEST.has(key)) return "min";
  const isLargest = /^\w+_info[{ ]?/.test(key) || key.startsWith("nodejs_eventloop_lag_");
  return isQuantile(family, key) || isLargest ? "max" : "sum";
}

function isQuantile(family: Family, key: string): boolean {
  return family.type === "summary" && /[{,]quantile="/.test(key);
}

function combine(rule: Rule, a: number, b: number): number {
  if (rule === "sum") return a + b;
  if (Number.isNaN(a)) return b;
  if (Number.isNaN(b)) return a;
  return rule === "max" ? Math.max(a, b) : Math.min(a, b);
}

function render(family: Family): string {
  const samples = [...family.samples].map(([key, value]) => `${key} ${value}`);
  return `${[...family.head, ...samples].join("\n")}\n`;
}
