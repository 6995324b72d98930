import { NoClusterAccess } from "../../kubernetes-api/cluster-access.ts";
import { startControlPlane } from "./control-plane.ts";
import { createEnding, EXIT_FAILED } from "./ending.ts";
import { createLog } from "./log.ts";
import { FLAGS } from "./settings/flag-table.ts";
import { readSettings } from "./settings/read-settings.ts";
import type { SettingSpec } from "./settings/setting-spec.ts";

const EXIT_WRONG_SETTINGS = 2;

/** Runs the control plane until it is told to stop; or, by their names, the parts of a gateway's pod that are in its image. */
export async function main([command = "", ...words]: readonly string[]): Promise<void> {
  if (command === "gateway-agent") return (await import("../gateway-agent/main.ts")).runAgent(words);
  if (command === "gateway-bootstrap") {
    (await import("../gateway-agent/main.ts")).writeBootstrap(words);
    return;
  }
  await run(command === "" ? words : [command, ...words]);
}

async function run(args: readonly string[]): Promise<void> {
  const read = readSettings(args, process.env);
  if (read.kind === "help") {
    process.stdout.write(usage());
    return;
  }
  if (read.kind === "wrong") {
    process.stderr.write(read.messages.map((message) => `control-plane: ${message}\n`).join(""));
    process.exitCode = EXIT_WRONG_SETTINGS;
    return;
  }
  const log = createLog(read.settings.logLevel);
  for (const warning of read.warnings) log.warn(warning);
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "an error was caught by nobody; work goes on");
  });
  process.on("unhandledRejection", (error) => {
    log.error({ err: error }, "a rejection was caught by nobody; work goes on");
  });
  const { stopTimeoutMs } = read.settings;
  const exit = (code: number): never => process.exit(code);
  try {
    const controlPlane = await startControlPlane(read.settings, log);
    const end = createEnding({ controlPlane, stopTimeoutMs, log, exit });
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.on(signal, () => {
        end.onSignal(signal);
      });
    await end.unlessBegun();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.fatal(error instanceof NoClusterAccess ? {} : { err: error }, message);
    exit(EXIT_FAILED);
  }
}

function usage(): string {
  const lines = Object.entries<SettingSpec>(FLAGS).map(
    ([name, { help, initial }]) => `  --${name.padEnd(36)} ${help}${initial === "" ? "" : ` (default ${initial})`}`,
  );
  return `Usage: control-plane [flags]

Runs SeldonDeployments in a Kubernetes cluster. (\`control-plane gateway-agent\` and \`gateway-bootstrap\` are parts of a
gateway's pod; docs/gateway.md.)

${lines.join("\n")}

docs/control-plane-settings.md says more, and has the environment variables.
`;
}

if (import.meta.main) await main(process.argv.slice(2));
