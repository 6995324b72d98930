import { readFileSync } from "node:fs";
import { argv, stderr, stdout } from "node:process";
import { findNearest } from "../control-plane/src/model/nearest.ts";
import { UsageError } from "./words.ts";

/** One command: its module is loaded only when it is called. `run` gets the words after the name and returns the exit code. */
interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ run(words: readonly string[]): Promise<number> }>;
}

const COMMANDS: readonly CommandEntry[] = [
  { name: "run", summary: "serve manifests on this machine, and follow their edits", load: () => import("./run.ts") },
  { name: "validate", summary: "say what is wrong with manifests", load: () => import("./validate.ts") },
  {
    name: "plan",
    summary: "say in words what manifests mean, or what would change in a cluster",
    load: () => import("./plan.ts"),
  },
  { name: "explain", summary: "say where a request goes, and why", load: () => import("./explain.ts") },
  { name: "render", summary: "print what manifests become", load: () => import("./render.ts") },
  { name: "predict", summary: "ask a running deployment for a prediction", load: () => import("./predict.ts") },
  { name: "table", summary: "print a filter's route table", load: () => import("./table.ts") },
  { name: "install", summary: "bring the filter into Istio's proxies", load: () => import("./install.ts") },
  { name: "uninstall", summary: "take the filter out of Istio's proxies", load: () => import("./uninstall.ts") },
];

function usage(): string {
  const width = Math.max(0, ...COMMANDS.map((command) => command.name.length));
  const rows = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return [
    "Usage: graphway <command> [options]",
    "",
    ...rows,
    "",
    "graphway <command> --help tells more; graphway --version says the version.",
    "",
  ].join("\n");
}

function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** No command was named, or none that there is. */
function answer(name: string | undefined): number {
  if (name === "--help" || name === "-h" || name === "help") {
    stdout.write(usage());
    return 0;
  }
  if (name === "--version" || name === "-V") {
    stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === undefined) stderr.write(usage());
  else if (name.startsWith("-")) {
    stderr.write(
      `graphway: a command stands before its options, such as graphway validate ${name} …\nsee graphway --help\n`,
    );
  } else {
    const names = COMMANDS.map((command) => command.name);
    const nearest = findNearest(name, names);
    const advice = nearest === undefined ? `there are ${names.join(", ")}` : `did you mean ${nearest}?`;
    stderr.write(`graphway: there is no command ${name}; ${advice}\nsee graphway --help\n`);
  }
  return 2;
}

/** Whoever read what we print is gone (`| head`, a closed terminal): it is printed for nobody, and that is no fault. */
function allowReadersToLeave(): void {
  for (const stream of [stdout, stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    });
}

async function main(): Promise<number> {
  allowReadersToLeave();
  const [name, ...words] = argv.slice(2);
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined) return answer(name);
  try {
    return await (await command.load()).run(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`graphway ${command.name}: ${error.message}\nsee graphway ${command.name} --help\n`);
    return 2;
  }
}

process.exitCode = await main();
