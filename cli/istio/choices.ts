import { readFile } from "node:fs/promises";
import {
  PREDICTOR_PORTS,
  type IstioInstallation,
  type Labels,
  type Reach,
} from "../../control-plane/src/render/istio/installation/options.ts";
import { UsageError } from "../words.ts";

/** Options of `graphway install --istio`, in the form of `parseArgs`. */
export const INSTALL_OPTIONS = {
  istio: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  output: { type: "string", short: "o", default: "yaml" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
  "istio-namespace": { type: "string" },
  "istio-version": { type: "string" },
  namespace: { type: "string" },
  "control-plane": { type: "string" },
  via: { type: "string", default: "control-plane" },
  file: { type: "string", short: "f", multiple: true },
  reach: { type: "string" },
  "ca-file": { type: "string" },
  gateways: { type: "string", default: "all" },
  sidecars: { type: "boolean", default: false },
  port: { type: "string", multiple: true },
  force: { type: "boolean", default: false },
  timeout: { type: "string", default: "30" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Who hands the filter out, and of which manifests its tables are where it is istiod. */
export function readDelivery(via: string, files: readonly string[] = []): IstioInstallation["delivery"] {
  if (via !== "control-plane" && via !== "istiod")
    throw new UsageError(`--via is control-plane or istiod, not ${JSON.stringify(via)}`);
  if (via === "control-plane" && files.length > 0)
    throw new UsageError("-f is for --via istiod: the control plane reads the cluster");
  if (via === "istiod" && files.length === 0)
    throw new UsageError("--via istiod needs the manifests: -f <file or folder>");
  return via === "istiod" ? "istiod" : "ecds";
}

/** What `--gateways` says: `all`, `none`, or labels as `istio=ingressgateway,app=mine`. */
export function readGateways(text: string): "all" | "none" | Labels {
  if (text === "all" || text === "none") return text;
  const pairs = text.split(",").map((pair) => {
    const [, name, value] = /^([^=]+)=([^=]+)$/.exec(pair.trim()) ?? [];
    if (name === undefined || value === undefined)
      throw new UsageError(`--gateways is all, none or label=value, not ${JSON.stringify(text)}`);
    return [name, value] as const;
  });
  return Object.fromEntries(pairs);
}

function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw new UsageError(`${JSON.stringify(text)} is no port`);
  return port;
}

/** Sidecars of callers, by the ports that they call. */
export function readSidecars(wanted: boolean, ports: readonly string[] = []): Pick<IstioInstallation, "sidecars"> {
  if (!wanted && ports.length > 0) throw new UsageError("--port is about sidecars: add --sidecars");
  if (!wanted) return {};
  return { sidecars: { ports: ports.length === 0 ? PREDICTOR_PORTS : ports.map(readPort) } };
}

/** How proxies reach the control plane; undefined: whichever fits the mesh. */
export async function readReach(reach: string | undefined, caFile: string | undefined): Promise<Reach | undefined> {
  if (reach !== undefined && reach !== "mesh" && reach !== "cluster")
    throw new UsageError(`--reach is mesh or cluster, not ${JSON.stringify(reach)}`);
  if (caFile === undefined) return reach === undefined ? undefined : { by: reach };
  if (reach === "mesh") throw new UsageError("--ca-file is for --reach cluster: the mesh checks its own certificates");
  const ca = await readFile(caFile, "utf8").catch((error: unknown) => {
    throw new UsageError(`cannot read ${caFile}: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (!ca.includes("-----BEGIN CERTIFICATE-----")) throw new UsageError(`${caFile} holds no certificate in PEM`);
  return { by: "cluster", tls: { ca } };
}

/** Where the control plane is: `host:port`, or a namespace with our Service, or nothing. */
export function readControlPlane(text: string | undefined): { host: string; port: number } | string | undefined {
  if (text === undefined || !text.includes(":")) return text;
  const [, host, port] = /^([a-z0-9.-]+):(\d+)$/.exec(text) ?? [];
  if (host === undefined || port === undefined)
    throw new UsageError(`--control-plane is a namespace or host:port, not ${JSON.stringify(text)}`);
  return { host, port: readPort(port) };
}
