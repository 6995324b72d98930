import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findEnvoy } from "../../../../scripts/envoy.mjs";
import type { JsonObject } from "../../render/xds/resource.ts";

/** A real Envoy that gets everything from an xDS server on a socket. */
export interface TestEnvoy {
  readonly pid: number;
  /** Body of an admin page. */
  admin(path: string): Promise<string>;
  stop(): Promise<void>;
}

export interface TestEnvoyOptions {
  readonly folder: string;
  readonly nodeId: string;
  readonly variant: "DELTA_GRPC" | "GRPC";
  /** False: one stream per type instead of ADS. */
  readonly aggregated: boolean;
}

/** A folder of its own, short enough for a socket's path. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "gw-xds-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** The socket in the folder on which Envoy looks for the server. */
export function xdsSocket(folder: string): string {
  return join(folder, "xds.sock");
}

const GRPC_SERVICE = { envoy_grpc: { cluster_name: "xds" } };

function sourceOf({ aggregated, variant }: TestEnvoyOptions): JsonObject {
  const api = { api_type: variant, transport_api_version: "V3", grpc_services: [GRPC_SERVICE] };
  return { resource_api_version: "V3", ...(aggregated ? { ads: {} } : { api_config_source: api }) };
}

/** Where the resources of a test tell Envoy to look for what they name. */
export const configSource = sourceOf;

function bootstrap(options: TestEnvoyOptions): JsonObject {
  const source = sourceOf(options);
  const ads = {
    api_type: options.variant,
    transport_api_version: "V3",
    set_node_on_first_message_only: true,
    grpc_services: [GRPC_SERVICE],
  };
  return {
    node: { id: options.nodeId, cluster: "test", metadata: { ROLE: "gateway" } },
    admin: { address: { pipe: { path: join(options.folder, "admin.sock") } } },
    dynamic_resources: {
      lds_config: source,
      cds_config: source,
      ...(options.aggregated ? { ads_config: ads } : {}),
    },
    static_resources: {
      clusters: [
        {
          name: "xds",
          type: "STATIC",
          typed_extension_protocol_options: {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
              "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: "xds",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: xdsSocket(options.folder) } } } }] }],
          },
        },
      ],
    },
  };
}

/** Starts Envoy; it is up when its admin page answers, not when it has its configuration. */
export async function startTestEnvoy(options: TestEnvoyOptions): Promise<TestEnvoy> {
  const { path: binary } = await findEnvoy();
  const config = join(options.folder, "bootstrap.json");
  await writeFile(config, JSON.stringify(bootstrap(options)));
  const args = ["-c", config, "--use-dynamic-base-id", "--concurrency", "1", "-l", "error"];
  const child = spawn(binary, args, { stdio: ["ignore", "ignore", "inherit"] });
  const admin = (path: string): Promise<string> => adminPage(join(options.folder, "admin.sock"), path);
  await eventually(
    () => admin("/ready"),
    (page) => page !== "",
  );
  return { pid: child.pid ?? 0, admin, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

function adminPage(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        resolve(text);
      });
    });
    call.on("error", reject).end();
  });
}

const EVENTUALLY_MS = 60_000;

/** Asks again until the answer is as wished; failures count as "not yet". Throws with the last answer after a while. */
export async function eventually<T>(ask: () => Promise<T> | T, isWished: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + EVENTUALLY_MS;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      const answer = await ask();
      if (isWished(answer)) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await delay(20);
  }
  throw new Error(`not in time; last: ${last instanceof Error ? String(last) : JSON.stringify(last)}`);
}
