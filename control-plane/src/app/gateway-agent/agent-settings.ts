import { join } from "node:path";
import { parseArgs } from "node:util";

/** What an agent beside an Envoy is started with. */
export interface AgentSettings {
  /** `gateway~<namespace>~<name>~<pod>`. */
  readonly nodeId: string;
  /** The control plane, `host:port`; empty where none is needed. */
  readonly xdsServer: string;
  /** Certificates that the control plane's must come from; undefined: plain text. */
  readonly xdsCa: string | undefined;
  /** File of the pod's token; undefined: none is shown. */
  readonly tokenFile: string | undefined;
  readonly xdsSocket: string;
  readonly adminSocket: string;
  readonly lastGoodFile: string;
  readonly bootstrapFile: string;
  /** Port of the agent's own `/healthz` and `/metrics`. */
  readonly port: number;
  /** Port of Envoy's `/ready` and `/stats/prometheus`. */
  readonly statusPort: number;
  readonly memoryLimitBytes: number;
  readonly maxConnections: number;
}

/** An argument that can't be understood; the message says which. */
export class AgentSettingsError extends Error {
  override readonly name = "AgentSettingsError";
}

const OPTIONS = {
  name: { type: "string", default: "graphway-gateway" },
  "xds-server": { type: "string", default: "" },
  "xds-ca-file": { type: "string", default: "" },
  "token-file": { type: "string", default: "" },
  folder: { type: "string", default: "/var/run/graphway" },
  port: { type: "string", default: "8090" },
  "status-port": { type: "string", default: "8091" },
  "memory-limit": { type: "string", default: "0" },
  "max-connections": { type: "string", default: "50000" },
} as const;

/** Reads arguments, and namespace and pod from the environment. Throws AgentSettingsError. */
export function readAgentSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): AgentSettings {
  const values = parse(args);
  const { POD_NAMESPACE: namespace = "", POD_NAME: pod = "" } = env;
  if (namespace === "" || pod === "") throw new AgentSettingsError("POD_NAMESPACE and POD_NAME say which pod this is");
  const { folder } = values;
  return {
    nodeId: `gateway~${namespace}~${values.name}~${pod}`,
    xdsServer: values["xds-server"].replace(/^https?:\/\//, ""),
    xdsCa: values["xds-ca-file"] || undefined,
    tokenFile: values["token-file"] || undefined,
    xdsSocket: join(folder, "xds.sock"),
    adminSocket: join(folder, "admin.sock"),
    lastGoodFile: join(folder, "last-good"),
    bootstrapFile: join(folder, "envoy.json"),
    port: wholeNumber("port", values.port),
    statusPort: wholeNumber("status-port", values["status-port"]),
    memoryLimitBytes: wholeNumber("memory-limit", values["memory-limit"]),
    maxConnections: wholeNumber("max-connections", values["max-connections"]),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (error) {
    throw new AgentSettingsError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new AgentSettingsError(`--${name}: ${JSON.stringify(text)} is not a whole number`);
  return Number(text);
}
