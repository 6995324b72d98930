import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { loadDocuments } from "../src/model/load.ts";
import type { PlanOptions } from "../src/plan/options.ts";
import { planModel } from "../src/plan/plan-model.ts";
import { DEFAULT_WORKLOAD_OPTIONS, type WorkloadOptions } from "../src/plan/workload-options.ts";
import { compactYaml } from "./compact-yaml.ts";
import { findDifferences, type Difference } from "./difference.ts";
import { OUTPUTS, showProblems } from "./outputs.ts";

/** A case is a folder: `case.yaml` (title, outputs, settings), `in.yaml`, and `out/` with one file per output. */
export const TESTDATA = import.meta.dirname;

interface CaseSettings {
  readonly title: string;
  readonly outputs: readonly string[];
  /** Settings of workloads that are not the default. */
  readonly workloads?: Partial<Omit<WorkloadOptions, "orchestrator">> & {
    readonly orchestrator?: Partial<WorkloadOptions["orchestrator"]>;
  };
}

/** Names of all cases, sorted. */
export async function listCases(): Promise<readonly string[]> {
  const entries = await readdir(TESTDATA, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function readSettings(folder: string): Promise<CaseSettings> {
  const settings = load(await readFile(join(folder, "case.yaml"), "utf8")) as Partial<CaseSettings> | undefined;
  const { title, outputs, workloads } = settings ?? {};
  if (typeof title !== "string" || !Array.isArray(outputs)) throw new Error(`${folder}/case.yaml needs title and outputs`);
  return { title, outputs, ...(workloads === undefined ? {} : { workloads }) };
}

function planOptions({ workloads }: CaseSettings): Partial<PlanOptions> {
  const orchestrator = { ...DEFAULT_WORKLOAD_OPTIONS.orchestrator, ...workloads?.orchestrator };
  return { workloads: { ...DEFAULT_WORKLOAD_OPTIONS, ...workloads, orchestrator } };
}

/** What the files of a case must be. */
async function renderCase(folder: string): Promise<ReadonlyMap<string, string>> {
  const settings = await readSettings(folder);
  const { outputs } = settings;
  const text = await readFile(join(folder, "in.yaml"), "utf8");
  const { value: plans, problems } = planModel(loadDocuments([{ file: "in.yaml", text }]), planOptions(settings));
  const files = new Map<string, string>();
  const all = [...problems];
  for (const name of outputs) {
    const output = OUTPUTS.get(name);
    if (output === undefined) throw new Error(`${folder}/case.yaml: no output ${name}; there are ${[...OUTPUTS.keys()].join(", ")}`);
    const rendered = output(plans);
    files.set(`${name}.yaml`, compactYaml(rendered.value));
    for (const one of rendered.problems) if (!all.some((known) => known.message === one.message)) all.push(one);
  }
  if (all.length > 0) files.set("problems.yaml", compactYaml(showProblems(all)));
  return files;
}

async function readOut(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(join(folder, "out")).catch(() => []);
  const texts = names.map(async (name) => [name, await readFile(join(folder, "out", name), "utf8")] as const);
  return new Map(await Promise.all(texts));
}

/** Every file of a case that is not what the code makes of `in.yaml`. None: the case holds. */
export async function checkCase(name: string): Promise<readonly Difference[]> {
  const folder = join(TESTDATA, name);
  const actual = await renderCase(folder);
  const expected = await readOut(folder);
  return findDifferences(expected, actual).map((one) => ({ ...one, file: join("out", one.file) }));
}
