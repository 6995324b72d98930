import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeAuthority, SecretFolder } from "./certificates.ts";
import { enginePredictor, startProcess } from "./orchestrator-process.ts";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { GrpcLoad, RestLoad, until, type Backend } from "./rolling-load.ts";
import { startStub } from "./stub-node.ts";

const envoy = process.env["ENVOY_BIN"];

/** One listener and one cluster of both orchestrators, with active health checks and without retries. */
function side(name: "rest" | "grpc", port: number, backends: readonly number[], caFile: string) {
  const isGrpc = name === "grpc";
  const address = (portValue: number) => ({ socketAddress: { address: "127.0.0.1", portValue } });
  const http = {
    "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
    explicitHttpConfig: isGrpc ? { http2ProtocolOptions: {} } : { httpProtocolOptions: {} },
  };
  const cluster = {
    name,
    type: "STATIC",
    connectTimeout: "20s",
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: backends.map((one) => ({ endpoint: { address: address(one) } })) }],
    },
    // With no healthy one at all, nothing is sent anywhere.
    commonLbConfig: { healthyPanicThreshold: {} },
    healthChecks: [
      {
        timeout: "20s",
        interval: "0.05s",
        noTrafficInterval: "0.05s",
        unhealthyThreshold: 1,
        healthyThreshold: 1,
        ...(isGrpc ? { grpcHealthCheck: {} } : { httpHealthCheck: { path: "/ready" } }),
      },
    ],
    typedExtensionProtocolOptions: { "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http },
    transportSocket: {
      name: "tls",
      typedConfig: {
        "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni: "localhost",
        commonTlsContext: {
          alpnProtocols: [isGrpc ? "h2" : "http/1.1"],
          validationContext: { trustedCa: { filename: caFile } },
        },
      },
    },
  };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    statPrefix: name,
    httpFilters: [
      {
        name: "router",
        typedConfig: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
    routeConfig: {
      virtualHosts: [{ name, domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: name } }] }],
    },
  };
  const filterChains = [{ filters: [{ name: "http", typedConfig: manager }] }];
  return { cluster, listener: { name, address: address(port), filterChains } };
}

describe("a rolling restart behind Envoy", { timeout: 600_000, skip: envoy === undefined }, () => {
  it("loses no request of either transport, over TLS, while the certificate changes too", async () => {
    const folder = mkdtempSync(join(tmpdir(), "orchestrator-envoy-"));
    const authority = await makeAuthority("mesh");
    const pair = await authority.issue("one");
    const secret = new SecretFolder(join(folder, "cert"), { "tls.crt": pair.cert, "tls.key": pair.key });
    const caFile = join(folder, "ca.pem");
    writeFileSync(caFile, authority.pem);
    const stub = await startStub(
      "m0",
      () => ({ body: { strData: "yes" }, delayMs: 5 }),
      () => {},
    );
    const backends: Backend[] = [];
    for (let i = 0; i < 3; i += 1) backends.push({ httpPort: await freePort(), grpcPort: await freePort() });
    const [front = { httpPort: 0, grpcPort: 0 }, ...behind] = backends;
    const env = {
      ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort),
      SELDON_CERT_MOUNT_PATH: secret.path,
    };
    const start = (i: number) =>
      startProcess(
        [
          `--http_port=${behind[i]?.httpPort}`,
          `--grpc_port=${behind[i]?.grpcPort}`,
          "--shutdown_delay=4s",
          "--graceful_timeout=30s",
        ],
        env,
      );
    const portsOf = (name: keyof Backend): number[] => behind.map((one) => one[name]);
    const sides = [
      side("rest", front.httpPort, portsOf("httpPort"), caFile),
      side("grpc", front.grpcPort, portsOf("grpcPort"), caFile),
    ];
    const bootstrap = {
      staticResources: { listeners: sides.map((one) => one.listener), clusters: sides.map((one) => one.cluster) },
    };
    writeFileSync(join(folder, "envoy.json"), JSON.stringify(bootstrap));
    let running = await start(0);
    const proxy = spawn(
      envoy ?? "",
      ["-c", join(folder, "envoy.json"), "--use-dynamic-base-id", "--concurrency", "1", "-l", "warn"],
      { stdio: "ignore" },
    );
    try {
      await until(
        async () => (await fetch(`http://127.0.0.1:${front.httpPort}/ready`).catch(() => undefined))?.status === 200,
      );
      const rest = new RestLoad([front], 3);
      const grpc = new GrpcLoad([front], 2);
      const goOn = async (): Promise<void> => {
        const [restCount, grpcCount] = [rest.count, grpc.count];
        await until(() => rest.count > restCount + 30 && grpc.count > grpcCount + 30);
      };
      try {
        await goOn();
        for (const next of [1, 0]) {
          const replacement = await start(next);
          await goOn();
          const renewed = await authority.issue("another");
          secret.swap({ "tls.crt": renewed.cert, "tls.key": renewed.key });
          assert.equal(await running.end("SIGTERM"), 0);
          running = replacement;
          await goOn();
        }
      } finally {
        await Promise.all([rest.stop(), grpc.stop()]);
      }
      assert.deepEqual([rest.failures, grpc.failures], [[], []]);
    } finally {
      const gone = once(proxy, "exit");
      proxy.kill("SIGKILL");
      await gone;
      running.child.kill("SIGKILL");
      await stub.stop();
      rmSync(folder, { recursive: true });
    }
  });
});
