// Runs scenarios against the target in the environment: `node run-all.ts [--jobs=n] [names…]`. Started by e2e/main.ts, in the
// network of the cluster where that is one of its own.
import { join } from "node:path";
import { apiScenarios } from "./api-scenarios.ts";
import { findScenarios } from "./find-scenarios.ts";
import { Kube } from "./kube.ts";
import { clearLeftovers } from "./leftovers.ts";
import { formatSum, formatTable } from "./report.ts";
import { runScenario, type Outcome } from "./run-scenario.ts";
import { isSelected, type Scenario } from "./scenario.ts";
import { readTarget } from "./target.ts";

const target = readTarget(process.env);
const words = process.argv.slice(2);
const jobs = Number(words.find((word) => word.startsWith("--jobs="))?.slice("--jobs=".length) ?? 4);
const names = words.filter((word) => !word.startsWith("--"));

const folder = join(import.meta.dirname, "..");
const all = [...(await findScenarios(join(folder, "scenarios"))), ...apiScenarios(join(folder, "api"))];
const chosen = all.filter(({ name }) => isSelected(name, names));
if (chosen.length === 0) {
  process.stderr.write(`e2e: no scenario is called ${names.join(" ")}\n`);
  process.exit(2);
}

const startMs = performance.now();
const kube = new Kube(target.kubeconfig, target.context);
for (const what of await clearLeftovers(kube))
  process.stdout.write(`e2e: ${what} of a run that was killed is taken away\n`);
const outcomes: Outcome[] = [];
// Those that may take longest first, so that none is left to run alone at the end.
const together = chosen.filter(({ isAlone }) => isAlone !== true);
await inParallel(
  together.sort((a, b) => (b.timeoutMs ?? 0) - (a.timeoutMs ?? 0)),
  jobs,
);
// In the order of their files: the measurements, which leave the most to be cleared away, come last.
await inParallel(
  chosen.filter(({ isAlone }) => isAlone === true),
  1,
);
kube.close();
process.stdout.write(`\n${formatTable(outcomes)}`);
process.stdout.write(formatSum(outcomes, (performance.now() - startMs) / 1000));
// What a scenario left running (a request without an answer) keeps no one waiting.
process.exit(outcomes.some(({ result }) => result === "failed") ? 1 : 0);

async function inParallel(scenarios: readonly Scenario[], count: number): Promise<void> {
  const left = [...scenarios];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const outcome = await runScenario(next, target, kube);
      outcomes.push(outcome);
      say(outcome);
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
}

function say({ scenario, result, seconds, message }: Outcome): void {
  process.stdout.write(`e2e: ${result.toUpperCase()} ${scenario.name} (${seconds.toFixed(1)} s)\n`);
  if (message !== "") process.stdout.write(`${message.replaceAll(/^/gm, "    ")}\n`);
}
