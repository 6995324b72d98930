import { argv } from "node:process";

/** One command: its module is loaded only when it is called. `run` gets the words after the name and returns the exit code. */
interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ run(words: readonly string[]): Promise<number> }>;
}

const COMMANDS: readonly CommandEntry[] = [
  { name: "run", summary: "serve manifests on this machine, and follow their edits", load: () => import("./run.ts") },
  { name: "validate", summary: "say what is wrong with manifests", load: () => import("./validate.ts") },
  { name: "plan", summary: "say in words what manifests mean", load: () => import("./plan.ts") },
  { name: "render", summary: "print what manifests become", load: () => import("./render.ts") },
  { name: "predict", summary: "ask a running deployment for a prediction", load: () => import("./predict.ts") },
  { name: "table", summary: "print a filter's route table", load: () => import("./table.ts") },
];

function usage(): string {
  const width = Math.max(0, ...COMMANDS.map((command) => command.name.length));
  const rows = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return ["Usage: graphway <command> [options]", "", ...rows, "", "graphway <command> --help tells more.", ""].join(
    "\n",
  );
}

async function main(): Promise<number> {
  const [name, ...words] = argv.slice(2);
  const command = COMMANDS.find((one) => one.name === name);
  if (command !== undefined) return (await command.load()).run(words);
  const asked = name === "--help" || name === "-h" || name === "help";
  (asked ? process.stdout : process.stderr).write(
    asked || name === undefined ? usage() : `graphway: there is no command ${name}\n\n${usage()}`,
  );
  return asked ? 0 : 2;
}

process.exitCode = await main();
