import { NoClusterAccess } from "../../kubernetes-api/cluster-access.ts";
import { startControlPlane, type ControlPlane } from "./control-plane.ts";
import { createLog, type Logger } from "./log.ts";
import { FLAGS } from "./settings/flag-table.ts";
import { readSettings } from "./settings/read-settings.ts";
import type { SettingSpec } from "./settings/setting-spec.ts";

const EXIT_FAILED = 1;
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
  try {
    stopOnSignals(await startControlPlane(read.settings, log), read.settings.stopTimeoutMs, log);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.fatal(error instanceof NoClusterAccess ? {} : { err: error }, message);
    process.exit(EXIT_FAILED);
  }
}

/** The first signal ends it in good order, another one at once. */
function stopOnSignals(controlPlane: ControlPlane, timeoutMs: number, log: Logger): void {
  let isStopping = false;
  const stop = async (): Promise<void> => {
    const late = setTimeout(() => {
      log.error("stopping took too long");
      process.exit(EXIT_FAILED);
    }, timeoutMs + GRACE_MS);
    await controlPlane.stop();
    clearTimeout(late);
    log.info("stopped");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      if (isStopping) process.exit(EXIT_FAILED);
      isStopping = true;
      log.info({ signal }, "stopping");
      stop().catch((error: unknown) => {
        log.error({ err: error }, "stopping failed");
        process.exit(EXIT_FAILED);
      });
    });
}

/** What stopping takes beyond the work that is under way. */
const GRACE_MS = 5000;

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
