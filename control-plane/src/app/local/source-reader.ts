import { loadDocuments } from "../../model/load.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { planDeployment } from "../../plan/plan-deployment.ts";
import type { Problem } from "../../problem/problem.ts";
import type { Source } from "../../source/source.ts";
import { updateCatalog, type Catalog } from "../catalog.ts";

/** What the source asks for: the last good plan of every deployment. */
export interface Wanted {
  readonly plans: readonly DeploymentPlan[];
  readonly problems: readonly Problem[];
  /** The file that a deployment came from. */
  fileOf(key: string): string | undefined;
}

/** Reads a source when it has changed, and remembers what was good. */
export interface SourceReader {
  /** Makes the next `read` look again. */
  invalidate(): void;
  read(): Promise<Wanted>;
}

export function createSourceReader(source: Source): SourceReader {
  let catalog: Catalog = new Map();
  let problems: readonly Problem[] = [];
  let isCurrent = false;

  async function lookAgain(): Promise<void> {
    isCurrent = true; // before it reads: a change during the reading asks for another one
    const texts = await source.read();
    const loaded = loadDocuments(texts.value);
    const all = { value: loaded.value, problems: [...texts.problems, ...loaded.problems] };
    const updated = updateCatalog(catalog, all, (one) => planDeployment(one));
    catalog = updated.value;
    problems = updated.problems;
  }

  return {
    invalidate() {
      isCurrent = false;
    },
    async read() {
      if (!isCurrent) await lookAgain();
      const entries = catalog;
      return {
        plans: [...entries.values()].map((entry) => entry.plan),
        problems,
        fileOf: (key) => entries.get(key)?.file,
      };
    },
  };
}
