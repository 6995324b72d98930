import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LoadedDeployment, Model } from "../model/model.ts";
import type { DeploymentPlan } from "../plan/deployment-plan.ts";
import { problem, type Checked, type Problem } from "../problem/problem.ts";
import { updateCatalog, type Catalog, type PlanOne } from "./catalog.ts";

const FILE = "iris.yaml";

function deployment(name: string, accepted = true): LoadedDeployment {
  return {
    key: `default/${name}`,
    namespace: "default",
    name,
    file: FILE,
    problems: [],
    accepted,
  } as unknown as LoadedDeployment;
}

function loaded(
  deployments: readonly LoadedDeployment[],
  problems: readonly Problem[] = [],
  incompleteFiles: readonly string[] = [],
): Checked<Model> {
  return { value: { deployments, incompleteFiles, policies: [] }, problems };
}

let version = 0;
const planOne: PlanOne = ({ key }) => ({ value: { key, name: String(version) } as DeploymentPlan, problems: [] });

function namesIn(catalog: Catalog): Record<string, string> {
  return Object.fromEntries(
    [...catalog].map(([key, { plan, outdated }]) => [key, `${plan.name}${outdated ? " outdated" : ""}`]),
  );
}

/** A catalog of version 1 of both deployments; plans made from here on are version 2. */
function firstCatalog(): Catalog {
  version = 1;
  const { value } = updateCatalog(new Map(), loaded([deployment("a"), deployment("b")]), planOne);
  version = 2;
  return value;
}

describe("catalog", () => {
  it("takes new plans and forgets what is gone", () => {
    const { value } = updateCatalog(firstCatalog(), loaded([deployment("a")]), planOne);
    assert.deepEqual(namesIn(value), { "default/a": "2" });
  });

  it("keeps the last good plan of a deployment with errors, and its neighbour gets its new one", () => {
    const broken = problem("SourceUnreadable", { object: "default/a", file: FILE, message: "bad" });
    const { value, problems } = updateCatalog(
      firstCatalog(),
      loaded([deployment("a", false), deployment("b")], [broken]),
      planOne,
    );
    assert.deepEqual(namesIn(value), { "default/a": "1 outdated", "default/b": "2" });
    assert.deepEqual(problems, [broken]);
  });

  it("keeps the last good plan when planning finds an error", () => {
    const broken = problem("SourceUnreadable", { object: "default/a", message: "cannot be planned" });
    const { value, problems } = updateCatalog(firstCatalog(), loaded([deployment("a")]), () => ({
      value: undefined,
      problems: [broken],
    }));
    assert.deepEqual(namesIn(value), { "default/a": "1 outdated" });
    assert.deepEqual(problems, [broken]);
  });

  it("keeps everything of a file that cannot be read as a whole", () => {
    const broken = problem("SourceUnreadable", { file: FILE, message: "not YAML" });
    const { value } = updateCatalog(firstCatalog(), loaded([], [broken]), planOne);
    assert.deepEqual(namesIn(value), { "default/a": "1 outdated", "default/b": "1 outdated" });
  });

  it("keeps what is missing from a file with an object that could not be made out", () => {
    const broken = problem("KindMissing", { file: FILE, message: "no kind" });
    const { value } = updateCatalog(firstCatalog(), loaded([deployment("a")], [broken], [FILE]), planOne);
    assert.deepEqual(namesIn(value), { "default/a": "2", "default/b": "1 outdated" });
  });

  it("forgets what was in a file that is gone while another is broken", () => {
    const broken = problem("SourceUnreadable", { file: "other.yaml", message: "not YAML" });
    const { value } = updateCatalog(firstCatalog(), loaded([], [broken]), planOne);
    assert.deepEqual(namesIn(value), {});
  });

  it("has no entry for a new deployment with errors", () => {
    const { value } = updateCatalog(new Map(), loaded([deployment("a", false)]), planOne);
    assert.deepEqual(namesIn(value), {});
  });
});
