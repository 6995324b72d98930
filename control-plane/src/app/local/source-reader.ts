import { loadDocuments } from "../../model/load.ts";
import type { AcceptedDeployment, Model } from "../../model/model.ts";
import { parsePath } from "../../model/path.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { PlanOptions } from "../../plan/options.ts";
import type { Problem } from "../../problem/problem.ts";
import type { Source } from "../../source/source.ts";
import { updateCatalog, type Catalog } from "../catalog.ts";
import { planLocally } from "./plan-locally.ts";

/** What the source asks for: the last good plan of every deployment. */
export interface Wanted {
  readonly plans: readonly DeploymentPlan[];
  /** Keys of deployments whose newest version has errors: an older one goes on. */
  readonly outdated: readonly string[];
  readonly problems: readonly Problem[];
}

/** Reads a source when it has changed, and remembers what was good. */
export interface SourceReader {
  /** Makes the next `read` look again. */
  invalidate(): void;
  read(): Promise<Wanted>;
  /** The file that a deployment came from, also when it is gone by now, as long as it is kept. */
  fileOf(key: string): string | undefined;
  /** Lets go of what was remembered of all other deployments. */
  keepOnly(keys: ReadonlySet<string>): void;
  /** The problem with the place in the file that it is about, as far as that is known. */
  locate(problem: Problem): Problem;
}

export function createSourceReader(source: Source, options: Partial<PlanOptions> = {}): SourceReader {
  const origins = new Map<string, Pick<AcceptedDeployment, "file" | "locate">>();
  let catalog: Catalog = new Map();
  let problems: readonly Problem[] = [];
  let isCurrent = false;

  async function lookAgain(): Promise<void> {
    isCurrent = true; // before it reads: a change during the reading asks for another one
    const texts = await source.read();
    const loaded = loadDocuments(texts.value);
    noteOrigins(loaded.value);
    const all = { value: loaded.value, problems: [...texts.problems, ...loaded.problems] };
    const updated = updateCatalog(catalog, all, (one) => planLocally(one, options));
    catalog = updated.value;
    // Nothing here runs an image.
    problems = updated.problems.filter((one) => one.code !== "ImageMissing");
  }

  function noteOrigins({ deployments }: Model): void {
    for (const one of deployments) if (one.accepted) origins.set(one.key, one);
  }

  return {
    invalidate() {
      isCurrent = false;
    },
    async read() {
      if (!isCurrent) await lookAgain();
      const entries = [...catalog.values()];
      return {
        plans: entries.map((entry) => entry.plan),
        outdated: entries.filter((entry) => entry.outdated).map((entry) => entry.plan.key),
        problems,
      };
    },
    fileOf: (key) => origins.get(key)?.file,
    keepOnly(keys) {
      for (const key of origins.keys()) if (!keys.has(key)) origins.delete(key);
    },
    locate(problem) {
      const origin = origins.get(problem.object);
      if (problem.file !== undefined || origin?.file === undefined) return problem;
      const position = origin.locate?.(parsePath(problem.path));
      return { ...problem, file: origin.file, ...(position === undefined ? {} : { position }) };
    },
  };
}
