import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { load } from "js-yaml";
import { loadDocuments } from "../src/model/load.ts";
import { readSeldonConfig, type SeldonConfig } from "../src/model/seldon-config.ts";
import { withSeldonServers } from "../src/model/seldon-servers.ts";
import { DEFAULT_MODEL_SETTINGS } from "../src/model/settings.ts";
import type { PlanOptions } from "../src/plan/options.ts";
import { planModel } from "../src/plan/plan-model.ts";
import { withSeldonConfig } from "../src/plan/seldon-config-options.ts";
import { DEFAULT_WORKLOAD_OPTIONS, type WorkloadOptions } from "../src/plan/workload-options.ts";
import type { Checked } from "../src/problem/problem.ts";
import type { TargetOptions } from "../src/render/targets.ts";
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
  /** The data of the ConfigMap `seldon-config`, its values not yet turned into text. */
  readonly seldonConfig?: Readonly<Record<string, unknown>>;
  readonly istio?: TargetOptions["istio"];
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
  const { title, outputs, ...others } = settings ?? {};
  if (typeof title !== "string" || !Array.isArray(outputs)) throw new Error(`${folder}/case.yaml needs title and outputs`);
  return { title, outputs, ...others };
}

function readConfig({ seldonConfig = {} }: CaseSettings): Checked<SeldonConfig> {
  const data = Object.entries(seldonConfig).map(([key, value]) => [key, JSON.stringify(value)] as const);
  return readSeldonConfig(Object.fromEntries(data));
}

function planOptions({ workloads }: CaseSettings, config: SeldonConfig): Partial<PlanOptions> {
  const orchestrator = { ...DEFAULT_WORKLOAD_OPTIONS.orchestrator, ...workloads?.orchestrator };
  const options = { ...DEFAULT_WORKLOAD_OPTIONS, ...workloads, orchestrator };
  return { workloads: withSeldonConfig(options, config) };
}

/** What the files of a case must be. */
async function renderCase(folder: string): Promise<ReadonlyMap<string, string>> {
  const settings = await readSettings(folder);
  const { outputs, istio = {} } = settings;
  const config = readConfig(settings);
  const modelSettings = withSeldonServers(DEFAULT_MODEL_SETTINGS, config.value);
  const text = await readFile(join(folder, "in.yaml"), "utf8");
  const loaded = loadDocuments([{ file: "in.yaml", text }], modelSettings);
  const { value: plans, problems } = planModel(loaded, planOptions(settings, config.value));
  const files = new Map<string, string>();
  const all = [...config.problems, ...problems];
  for (const name of outputs) {
    const output = OUTPUTS.get(name);
    if (output === undefined) throw new Error(`${folder}/case.yaml: no output ${name}; there are ${[...OUTPUTS.keys()].join(", ")}`);
    const rendered = output(plans, { istio });
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
