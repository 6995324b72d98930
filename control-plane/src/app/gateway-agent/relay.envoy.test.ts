import { credentials } from "@grpc/grpc-js";
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { findEnvoy } from "../../../../scripts/envoy.mjs";
import { eventually, temporaryFolder } from "../../deliver/xds-server/envoy-for-tests.ts";
import type { XdsEvent } from "../../deliver/xds-server/events.ts";
import { createResourceStore, type ResourceStore } from "../../deliver/xds-server/resource-store.ts";
import { startXdsServer, type XdsServer } from "../../deliver/xds-server/server.ts";
import { renderGatewayBootstrap } from "../../render/xds/bootstrap.ts";
import { encodeResource } from "../../render/xds/encode.ts";
import type { EncodedResource, JsonObject } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { sendClientsElsewhere, welcomeClients } from "./envoy-admin.ts";
import { startRelay, type Relay, type RelayEvent } from "./relay.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";

/** Answers everything with `text`. */
function listener(port: number, text: string, filter: JsonObject = {}): EncodedResource {
  const manager = {
    "@type": TYPE.connectionManager,
    stat_prefix: "test",
    route_config: {
      name: "routes",
      virtual_hosts: [
        {
          name: "all",
          domains: ["*"],
          routes: [{ match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: text } } }],
        },
      ],
    },
    http_filters: [{ name: "envoy.filters.http.router", typed_config: { "@type": TYPE.router } }],
    ...filter,
  };
  const body = {
    name: "test",
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
  return encodeResource({ typeUrl: TYPE.listener, name: "test", body });
}

class Pod {
  readonly folder: string;
  readonly port: number;
  readonly statusPort: number;
  readonly events: RelayEvent[] = [];
  #envoy: ChildProcess | undefined;
  #relay: Relay | undefined;

  constructor(folder: string, port: number, statusPort: number) {
    this.folder = folder;
    this.port = port;
    this.statusPort = statusPort;
  }

  get adminSocket(): string {
    return join(this.folder, "admin.sock");
  }

  async startAgent(address: string): Promise<Relay> {
    this.#relay = await startRelay({
      upstream: {
        address,
        credentials: credentials.createInsecure(),
        node: { id: "gateway~ns~gw~pod", cluster: "graphway" },
        token: () => Promise.resolve(undefined),
      },
      socket: join(this.folder, "xds.sock"),
      lastGoodFile: join(this.folder, "last-good"),
      saveAfterMs: 10,
      onEvent: (event) => this.events.push(event),
    });
    return this.#relay;
  }

  async stopAgent(): Promise<void> {
    await this.#relay?.close();
    this.#relay = undefined;
  }

  async startEnvoy(): Promise<void> {
    const bootstrap = renderGatewayBootstrap({
      nodeId: "gateway~ns~gw~pod",
      xdsSocket: join(this.folder, "xds.sock"),
      adminSocket: this.adminSocket,
      statusPort: this.statusPort,
      memoryLimitBytes: 1024 * 1024 * 1024,
      maxConnections: 100,
    });
    const config = join(this.folder, "envoy.json");
    writeFileSync(config, JSON.stringify(bootstrap));
    const { path } = await findEnvoy();
    const args = ["-c", config, "--use-dynamic-base-id", "--concurrency", "1", "-l", "off"];
    this.#envoy = spawn(path, args, { stdio: ["ignore", "ignore", "inherit"] });
  }

  async stopEnvoy(): Promise<void> {
    if (this.#envoy === undefined) return;
    const exited = once(this.#envoy, "exit");
    this.#envoy.kill("SIGKILL");
    await exited;
    this.#envoy = undefined;
  }

  async untilAnswer(text: string): Promise<void> {
    await eventually(
      () => get(this.port, "/"),
      (answer) => answer === `200 ${text}`,
    );
  }
}

function get(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        resolve(`${String(response.statusCode)} ${text}`);
      });
    });
    call.on("error", reject).end();
  });
}

interface ControlPlane {
  readonly store: ResourceStore;
  readonly server: XdsServer;
  readonly events: readonly XdsEvent[];
}

async function startControlPlane(t: TestContext): Promise<ControlPlane> {
  const store = createResourceStore();
  const events: XdsEvent[] = [];
  const server = await startXdsServer({ address: "127.0.0.1:0", store, onEvent: (event) => events.push(event) });
  t.after(() => server.close());
  return { store, server, events };
}

async function startPod(t: TestContext): Promise<Pod> {
  const folder = await temporaryFolder();
  const pod = new Pod(folder.path, await freePort(), await freePort());
  t.after(async () => {
    await pod.stopEnvoy();
    await pod.stopAgent();
    await folder.remove();
  });
  return pod;
}

describe("the agent between an Envoy and the control plane", () => {
  it("hands on changes and answers, and serves a new Envoy while the control plane is away", async (t) => {
    const { store, server, events } = await startControlPlane(t);
    const pod = await startPod(t);
    await pod.startEnvoy();
    await pod.startAgent(server.address);
    store.apply({ set: [listener(pod.port, "one")], remove: [] });
    await pod.untilAnswer("one");
    store.apply({ set: [listener(pod.port, "two")], remove: [] });
    await pod.untilAnswer("two");
    await eventually(
      () =>
        events.filter((event) => event.kind === "ack" && event.typeUrl === TYPE.listener && event.resources.length > 0),
      (acks) => acks.length === 2,
    );
    await server.close();
    await pod.stopEnvoy();
    await pod.startEnvoy();
    await pod.untilAnswer("two");
    await pod.stopAgent();
    await pod.stopEnvoy();
    const relay = await pod.startAgent(server.address);
    assert.equal(relay.isServing(), true);
    assert.ok(pod.events.some((event) => event.kind === "resumed"));
    await pod.startEnvoy();
    await pod.untilAnswer("two");
  });

  it("tells the control plane what Envoy refuses, and goes on with the version before", async (t) => {
    const { store, server, events } = await startControlPlane(t);
    const pod = await startPod(t);
    await pod.startEnvoy();
    await pod.startAgent(server.address);
    store.apply({ set: [listener(pod.port, "good")], remove: [] });
    await pod.untilAnswer("good");
    const unknown = { http_filters: [{ name: "no-such-filter", typed_config: { "@type": TYPE.bytes, value: "" } }] };
    store.apply({ set: [listener(pod.port, "bad", unknown)], remove: [] });
    const refusal = await eventually(
      () => events.find((event) => event.kind === "nack"),
      (found) => found !== undefined,
    );
    assert.match(refusal?.kind === "nack" ? refusal.message : "", /no-such-filter/);
    await pod.stopEnvoy();
    await pod.startEnvoy();
    await pod.untilAnswer("good");
  });

  it("has Envoy turn clients away and welcome them again", async (t) => {
    const { store, server } = await startControlPlane(t);
    const pod = await startPod(t);
    await pod.startEnvoy();
    await pod.startAgent(server.address);
    store.apply({ set: [listener(pod.port, "here")], remove: [] });
    await pod.untilAnswer("here");
    const ready = (): Promise<string> => get(pod.statusPort, "/ready");
    assert.match(await ready(), /^200/);
    await sendClientsElsewhere(pod.adminSocket);
    assert.match(await ready(), /^503/);
    await pod.untilAnswer("here");
    await welcomeClients(pod.adminSocket);
    assert.match(await ready(), /^200/);
    assert.match(await get(pod.statusPort, "/stats/prometheus"), /envoy_server_live/);
    assert.match(await get(pod.statusPort, "/quitquitquit"), /^404/);
  });
});
