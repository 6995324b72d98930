import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findEnvoy } from "../../../../scripts/envoy.mjs";
import { filterName } from "./filter-config.ts";
import { RATE_LIMITS_NAME } from "./rate-limits.ts";
import type { Json, JsonObject, XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** An Envoy that runs rendered resources, read from files instead of a stream. */
export interface RunningEnvoy {
  readonly port: number;
  /** What it wrote on standard output. */
  readonly output: () => string;
  /** And on standard error, warnings and worse. */
  readonly log: () => string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** File of an endpoint resource: names hold slashes. */
function endpointFile(cluster: string): string {
  return `${cluster.replaceAll("/", "-")}.json`;
}

/** File of a filter's configuration. */
function filterFile(name: string): string {
  return `filter-${name}.json`;
}

function fileOf(keys: readonly string[], resource: XdsResource): string {
  return keys.includes("rds") ? "routes.json" : endpointFile(endpointsOf(resource));
}

/** Name under which a cluster asks for endpoints. */
function endpointsOf({ body, name }: XdsResource): string {
  const config = body["eds_cluster_config"] as { readonly service_name?: string } | undefined;
  return config?.service_name ?? name;
}

function isDiscovered(value: JsonObject): value is JsonObject & { name: string; config_discovery: JsonObject } {
  return typeof value["name"] === "string" && value["config_discovery"] !== undefined;
}

/** The same JSON with every `ads` source pointed at the file of its kind. */
function fromFiles(folder: string, value: Json, resource: XdsResource, keys: readonly string[] = []): Json {
  if (Array.isArray(value)) return value.map((one) => fromFiles(folder, one as Json, resource, keys));
  if (!isObject(value)) return value;
  if (value["ads"] !== undefined) return fileSource(folder, fileOf(keys, resource));
  if (isDiscovered(value)) {
    const source = fileSource(folder, filterFile(value.name));
    return { ...value, config_discovery: { ...value.config_discovery, config_source: source } };
  }
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, one]) => [key, fromFiles(folder, one, resource, [...keys, key])]));
}

function fileSource(folder: string, file: string): JsonObject {
  return { path_config_source: { path: join(folder, file) }, resource_api_version: "V3" };
}

async function writeResources(folder: string, file: string, resources: readonly XdsResource[]): Promise<void> {
  const bodies = resources.map((one) => {
    return { "@type": one.typeUrl, ...(fromFiles(folder, one.body, one) as JsonObject) };
  });
  await writeFile(join(folder, file), JSON.stringify({ version_info: "1", resources: bodies }));
}

/** Starts Envoy on rendered resources, waits until it listens on `port`. */
export async function startEnvoy(resources: readonly XdsResource[], port: number): Promise<RunningEnvoy> {
  const { path } = await findEnvoy();
  const folder = await mkdtemp(join(tmpdir(), "graphway-envoy-"));
  const ofType = (typeUrl: string): readonly XdsResource[] => resources.filter((one) => one.typeUrl === typeUrl);
  await writeResources(folder, "listeners.json", ofType(TYPE.listener));
  await writeResources(folder, "clusters.json", ofType(TYPE.cluster));
  await writeResources(folder, "routes.json", ofType(TYPE.routeConfiguration));
  for (const name of [filterName("gateway"), filterName("inbound"), RATE_LIMITS_NAME]) {
    const found = ofType(TYPE.filterConfig).filter((one) => one.name === name);
    await writeResources(folder, filterFile(name), found);
  }
  for (const one of ofType(TYPE.endpoints)) await writeResources(folder, endpointFile(one.name), [one]);
  const bootstrap = {
    node: { id: "test", cluster: "test" },
    dynamic_resources: {
      lds_config: fileSource(folder, "listeners.json"),
      cds_config: fileSource(folder, "clusters.json"),
    },
  };
  await writeFile(join(folder, "bootstrap.json"), JSON.stringify(bootstrap));
  const child = spawn(
    path,
    ["-c", join(folder, "bootstrap.json"), "--use-dynamic-base-id", "--concurrency", "1", "-l", "warning"],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const exited = once(child, "exit");
  const said: string[] = [];
  const written: string[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => written.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await exited;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answers(port, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw new Error(`Envoy did not start: ${said.join("")}`, { cause: error });
  }
  return { port, output: () => written.join(""), log: () => said.join(""), stop };
}

async function answers(port: number, gone: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && !gone()) {
    const response = await fetch(`http://127.0.0.1:${String(port)}/`).catch(() => undefined);
    if (response !== undefined) return;
    await delay(20);
  }
  throw new Error("no answer");
}

interface ListenerBody {
  readonly filter_chains: readonly {
    readonly filters: readonly { readonly typed_config: { readonly early_header_mutation_extensions: JsonObject[] } }[];
  }[];
}

/** What our filter decides, as far as routes go by it. */
const DECISIONS: readonly string[] = ["cluster", "predictor", "shadow-cluster-1", "set-cookie"];

/** Stands in for our filter: what a test asks for in `x-test-…` becomes the filter's header, after the strip. */
export function withDecisions(resource: XdsResource): XdsResource {
  if (resource.typeUrl !== TYPE.listener) return resource;
  const mutations = DECISIONS.map((name) => ({
    append: {
      header: { key: `x-graphway-${name}`, value: `%REQ(x-test-${name})%` },
      append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
    },
  }));
  const decide = {
    name: "envoy.http.early_header_mutation.header_mutation",
    typed_config: { "@type": TYPE.earlyHeaderMutation, mutations },
  };
  const body = structuredClone(resource.body) as unknown as ListenerBody;
  for (const chain of body.filter_chains) {
    for (const filter of chain.filters) filter.typed_config.early_header_mutation_extensions.push(decide);
  }
  return { ...resource, body: body as unknown as JsonObject };
}
