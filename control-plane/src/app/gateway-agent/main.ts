import { credentials, type ChannelCredentials } from "@grpc/grpc-js";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { pino, type Logger } from "pino";
import { Gauge, Registry } from "prom-client";
import { renderGatewayBootstrap } from "../../render/xds/bootstrap.ts";
import { startStatusServer } from "../cluster/status-server.ts";
import { AgentSettingsError, readAgentSettings, type AgentSettings } from "./agent-settings.ts";
import { isAlive, sendClientsElsewhere, welcomeClients } from "./envoy-admin.ts";
import { startRelay, type Relay, type RelayEvent } from "./relay.ts";

const EXIT_INTERRUPTED = 1;
const EXIT_WRONG_SETTINGS = 2;
/** After the signal to stop: until Envoy has ended, or so long. Pods are given less. */
const LONGEST_DRAIN_MS = 120_000;
const LOOK_EVERY_MS = 250;

/** Writes the bootstrap for the Envoy of this pod: an init container's whole work. */
export function writeBootstrap(args: readonly string[]): void {
  const settings = settingsOf(args, false);
  if (settings === undefined) return;
  mkdirSync(dirname(settings.bootstrapFile), { recursive: true });
  const made = `${settings.bootstrapFile}.new`;
  writeFileSync(made, `${JSON.stringify(renderGatewayBootstrap(settings), null, 1)}\n`);
  renameSync(made, settings.bootstrapFile);
}

/** Runs the agent beside the Envoy of a gateway until it is told to stop; told twice, it ends at once. */
export async function runAgent(args: readonly string[]): Promise<void> {
  const settings = settingsOf(args, true);
  if (settings === undefined) return;
  const log = pino({ base: { name: "graphway-gateway-agent" }, timestamp: pino.stdTimeFunctions.isoTime });
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "an error was caught by nobody; work goes on");
  });
  process.on("unhandledRejection", (error) => {
    log.error({ err: error }, "a rejection was caught by nobody; work goes on");
  });
  // An agent before may have been told to stop without its pod.
  if (await isAlive(settings.adminSocket)) await welcomeClients(settings.adminSocket);
  const relay = await startRelay({
    upstream: {
      address: settings.xdsServer,
      credentials: credentialsOf(settings),
      node: { id: settings.nodeId, cluster: "graphway" },
      token: () => readToken(settings),
    },
    socket: settings.xdsSocket,
    lastGoodFile: settings.lastGoodFile,
    onEvent: (event) => {
      tell(log, event);
    },
  });
  const status = await startStatusServer({
    host: "0.0.0.0",
    port: settings.port,
    render: () => renderMetrics(relay),
    notReady: () => (relay.isServing() ? undefined : "the control plane has said nothing yet"),
  });
  log.info({ node: settings.nodeId, server: settings.xdsServer, port: status.port }, "started");
  let isStopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      if (isStopping) process.exit(EXIT_INTERRUPTED);
      isStopping = true;
      log.info({ signal }, "stopping: Envoy is asked to drain");
      void stop(settings, relay, log).then(() => status.close());
    });
}

/** Serves Envoy for as long as it is there: it ends after its own preStop hook. */
async function stop({ adminSocket }: AgentSettings, relay: Relay, log: Logger): Promise<void> {
  const deadlineMs = performance.now() + LONGEST_DRAIN_MS;
  try {
    await sendClientsElsewhere(adminSocket);
  } catch (error) {
    log.warn({ reason: String(error) }, "Envoy could not be asked to drain");
  }
  while (performance.now() < deadlineMs && (await isAlive(adminSocket)))
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  await relay.close();
  log.info("stopped");
}

function settingsOf(args: readonly string[], needsServer: boolean): AgentSettings | undefined {
  try {
    const settings = readAgentSettings(args, process.env);
    if (needsServer && settings.xdsServer === "")
      throw new AgentSettingsError("--xds-server host:port says where the control plane is");
    return settings;
  } catch (error) {
    if (!(error instanceof AgentSettingsError)) throw error;
    process.stderr.write(`gateway-agent: ${error.message}\n`);
    process.exitCode = EXIT_WRONG_SETTINGS;
    return undefined;
  }
}

function credentialsOf({ xdsCa }: AgentSettings): ChannelCredentials {
  return xdsCa === undefined ? credentials.createInsecure() : credentials.createSsl(readFileSync(xdsCa));
}

/** Kubernetes renews the file; every new stream shows what is in it then. */
async function readToken({ tokenFile }: AgentSettings): Promise<string | undefined> {
  return tokenFile === undefined ? undefined : (await readFile(tokenFile, "utf8")).trim();
}

function tell(log: Logger, event: RelayEvent): void {
  switch (event.kind) {
    case "connected":
      log.info("connected to the control plane");
      return;
    case "disconnected":
      log.warn({ reason: event.reason }, "the control plane is away; Envoy goes on with what it has");
      return;
    case "resumed":
      log.info({ resources: event.resources }, "Envoy is served the last good configuration");
      return;
    case "refused":
      log.warn(
        { typeUrl: event.typeUrl, reason: event.reason },
        "Envoy refused something and goes on with the version before",
      );
      return;
    case "fault":
      log.error({ err: event.error }, `${event.doing} failed`);
  }
}

async function renderMetrics(relay: Relay): Promise<{ readonly contentType: string; readonly text: string }> {
  const register = new Registry();
  const gauge = (name: string, help: string, value: number): void => {
    new Gauge({ name, help, registers: [register] }).set(value);
  };
  gauge("graphway_gateway_connected", "1 while the control plane is connected.", relay.isConnected() ? 1 : 0);
  gauge("graphway_gateway_resources", "Resources that Envoy has.", relay.resources());
  return { contentType: register.contentType, text: await register.metrics() };
}
