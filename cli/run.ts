import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { stderr, stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { startLocalGateway } from "../control-plane/src/app/local/local-gateway.ts";
import { ENDPOINT_FORM, parseEndpointMappings } from "../control-plane/src/deliver/processes/endpoint-mapping.ts";
import { createFileSource, STDIN_PATH } from "../control-plane/src/source/file/file-source.ts";
import { ensureEnvoy, EnvoyError } from "../scripts/envoy.mjs";
import { onParentGone } from "./parent-pipe.ts";
import { createRunReporter } from "./run-reporter.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway run -f <file or folder>... [options]

Serves SeldonDeployments on this machine through a real Envoy, and follows edits of the files. A container with a \`command\`
runs as a process; no cluster and no container engine is needed.

  -f, --file <path>      a manifest, or a folder with manifests; may be given several times
  --port <port>          of the gateway, REST and gRPC (default 8003)
  --address <address>    that the gateway listens on (default 127.0.0.1; 0.0.0.0 opens it to the network)
  --endpoint <mapping>   ${ENDPOINT_FORM}:
                         the node is served by something already running; may be given several times
  --drain <s>            how long replaced processes go on for the requests they still have (default 5)
  --logs                 print what the processes write

ENVOY_BIN names an Envoy to use instead of the one that graphway installs. EXECUTOR_REQUEST_LOGGER_DEFAULT_ENDPOINT is
where orchestrators post the payloads of nodes whose logger names no URL (default http://default-broker).
Ctrl-C stops everything. Exit code: 0 stopped, 1 it could not start, 2 wrong usage.
`;

const OPTIONS = {
  file: { type: "string", short: "f", multiple: true, default: [] as string[] },
  port: { type: "string", default: "8003" },
  address: { type: "string", default: "127.0.0.1" },
  endpoint: { type: "string", multiple: true, default: [] as string[] },
  drain: { type: "string", default: "5" },
  logs: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const FILTER = join(ROOT, "build", "filter", "filter.wasm");
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `graphway run`. */
export async function run(words: readonly string[]): Promise<number> {
  const stopped = stopRequest();
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) {
    stdout.write(USAGE);
    return 0;
  }
  const port = Number(values.port);
  const drainMs = Number(values.drain) * 1000;
  const endpoints = parseEndpointMappings(values.endpoint);
  const [stray] = positionals;
  const [badEndpoint] = endpoints.problems;
  if (stray !== undefined)
    throw new UsageError(
      `what is ${stray}? A file is named by -f ${stray}; options of npm start stand behind two dashes: npm start -- --port 8004`,
    );
  if (values.file.length === 0) throw new UsageError("name a file or a folder with -f");
  if (values.file.includes(STDIN_PATH))
    throw new UsageError("edits of standard input can't be followed; save it to a file and name that");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError(`--port ${values.port} is no port`);
  if (!Number.isFinite(drainMs) || drainMs < 0) throw new UsageError(`--drain ${values.drain} is no number of seconds`);
  if (badEndpoint !== undefined) throw new UsageError(badEndpoint.message);

  const absent = values.file.find((file) => !existsSync(file));
  if (absent !== undefined) return fail(`there is no file or folder ${absent}`);
  const taken = await whyNotFree(values.address, port);
  if (taken !== undefined) return fail(taken);
  const envoy = await findEnvoy();
  if (typeof envoy === "string") return fail(envoy);

  const reporter = createRunReporter({ port, files: values.file, printLogs: values.logs });
  reporter.progress(`Envoy ${envoy.version}, gateway at http://localhost:${String(port)}`);
  const requestLogger = process.env["EXECUTOR_REQUEST_LOGGER_DEFAULT_ENDPOINT"];
  const gateway = await startLocalGateway({
    source: createFileSource(values.file),
    folderOf: (file) => dirname(file ?? "."),
    endpoints: endpoints.value,
    envoyBinary: envoy.path,
    wasm: { filename: FILTER },
    xds: { address: values.address, port },
    reporter,
    drainMs,
    planOptions: requestLogger === undefined ? {} : { requestLoggerUrl: requestLogger },
  });
  const failure = await Promise.race([stopped, gateway.failed]);
  reporter.progress("stopping");
  await gateway.close();
  if (failure !== undefined) return fail(`the gateway cannot listen: ${failure}; choose another port with --port`);
  reporter.progress("stopped");
  return 0;
}

function fail(reason: string): number {
  stderr.write(`graphway run: ${reason}\n`);
  return 1;
}

/**
 * Resolves with the first signal to stop, or when the process that started us or the one that reads what we print is gone. A second
 * signal ends us at once.
 */
function stopRequest(): Promise<undefined> {
  return new Promise((resolve) => {
    const stop = (): void => {
      resolve(undefined);
    };
    for (const signal of STOP_SIGNALS) process.once(signal, stop);
    onParentGone(stop);
    stdout.once("error", stop);
  });
}

async function findEnvoy(): Promise<{ readonly path: string; readonly version: string } | string> {
  try {
    return await ensureEnvoy({ say: (line) => stderr.write(`${line}\n`) });
  } catch (error) {
    if (error instanceof EnvoyError) return error.message;
    throw error;
  }
}

/** Why the gateway could not listen there; undefined when it can. */
async function whyNotFree(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, "listening");
    server.close();
    await once(server, "close");
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") {
      return `port ${String(port)} of ${address} is in use; stop what listens there, or choose another with --port`;
    }
    if (code === "EACCES") return `port ${String(port)} may not be used; choose one above 1023 with --port`;
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      return `${address} is no address of this machine; see --address`;
    throw error;
  }
}
