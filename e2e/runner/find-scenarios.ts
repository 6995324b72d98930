import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Scenario } from "./scenario.ts";

/** Every scenario of the files `*.scenarios.ts` in a folder and below, by name. Throws when two have one name. */
export async function findScenarios(folder: string): Promise<readonly Scenario[]> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".scenarios.ts"),
  );
  const found = new Map<string, Scenario>();
  for (const file of files.sort()) {
    const module = (await import(pathToFileURL(join(folder, file)).href)) as { scenarios: readonly Scenario[] };
    for (const scenario of module.scenarios) {
      if (found.has(scenario.name)) throw new Error(`two scenarios are called ${scenario.name}`);
      found.set(scenario.name, scenario);
    }
  }
  return [...found.values()];
}
