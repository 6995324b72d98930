import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { makeAuthority, type Authority } from "../tests/certificates.ts";
import { startProcess, type OrchestratorProcess } from "../tests/orchestrator-process.ts";
import { buildPeers, whyNoPeers, type GoNode, type Peers, type Tally } from "./http2/peers.ts";

// HTTP/2 of our own with others: h2spec, grpc-go as client and node, curl. C-core is in v2.interop.ts (Triton's client
// and MLServer), grpc-js in the tests, Envoy in tests/rolling-envoy.test.ts.

const METHOD = "/seldon.protos.Seldon/Predict";
const EXCEPTIONS = JSON.parse(
  readFileSync(join(import.meta.dirname, "http2", "h2spec-exceptions.json"), "utf8"),
) as Readonly<Record<string, string>>;
const run = promisify(execFile);

function encode(port: number, host: string): string {
  const endpoint = { service_host: host, service_port: port, grpcPort: port, type: "GRPC" };
  return Buffer.from(JSON.stringify({ name: "main", graph: { name: "m", type: "MODEL", endpoint } })).toString(
    "base64",
  );
}

function assertAll(
  tallies: readonly Tally[],
  expected: Readonly<Record<string, Readonly<Record<string, number>>>>,
): void {
  assert.deepEqual(Object.fromEntries(tallies.map(({ what, codes }) => [what, codes])), expected);
  for (const { what, wrong } of tallies) assert.equal(wrong, 0, what);
}

const ALL_WELL = {
  small: { OK: 200 },
  "of 1 MB": { OK: 20 },
  "100 at once": { OK: 2000 },
  deadline: { DeadlineExceeded: 10 },
  cancel: { Canceled: 10 },
  "after that": { OK: 100 },
} as const;

describe("HTTP/2 with others", { timeout: 280_000, skip: whyNoPeers() }, () => {
  let peers: Peers;
  let authority: Authority;
  let files: { readonly ca: string; readonly cert: string; readonly key: string };
  before(async () => {
    peers = await buildPeers();
    authority = await makeAuthority("http2");
    const { cert, key } = await authority.issue("localhost");
    files = {
      ca: join(peers.folder, "ca.pem"),
      cert: join(peers.folder, "tls.crt"),
      key: join(peers.folder, "tls.key"),
    };
    writeFileSync(files.ca, authority.pem);
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
  });
  after(() => peers.remove());

  async function withOrchestrator(
    nodeFlags: readonly string[],
    flags: readonly string[],
    env: Readonly<Record<string, string>>,
    check: (orchestrator: OrchestratorProcess, node: GoNode) => Promise<void>,
  ): Promise<void> {
    const node = await peers.startNode(nodeFlags);
    const host = nodeFlags.some((one) => one.startsWith("-cert")) ? "localhost" : "127.0.0.1";
    const orchestrator = await startProcess(flags, { ENGINE_PREDICTOR: encode(node.port, host), ...env });
    try {
      await check(orchestrator, node);
    } finally {
      if (orchestrator.child.exitCode === null) await orchestrator.end("SIGTERM");
      await node.stop();
    }
  }

  function callAll(orchestrator: OrchestratorProcess, more: readonly string[] = []): Promise<readonly Tally[]> {
    const host = more.length > 0 ? "localhost" : "127.0.0.1";
    const target = `-target=${host}:${orchestrator.grpcPort}`;
    return peers.call([target, `-method=${METHOD}`, "-slow=x-wait=1s", ...more]);
  }

  it("h2spec", () =>
    withOrchestrator([], [], {}, async ({ grpcPort }) => {
      const report = join(peers.folder, "h2spec.xml");
      // It ends with 1 where a case fails.
      await run(peers.h2spec, ["-p", String(grpcPort), "-o", "2", "-j", report], { timeout: 250_000 }).catch(() => {});
      const cases = [
        ...readFileSync(report, "utf8").matchAll(
          /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>(.*?)<\/testcase>/gs,
        ),
      ];
      assert.ok(cases.length >= 140, `${cases.length} cases`);
      const failed = cases.filter(
        ([, section = "", , inside = ""]) => /<(failure|error)/.test(inside) && EXCEPTIONS[section] === undefined,
      );
      assert.deepEqual(
        failed.map(([, section, what]) => `${section}: ${what}`),
        [],
      );
    }));

  it("curl is told what the port speaks", () =>
    withOrchestrator([], [], {}, async ({ grpcPort }) => {
      const url = `http://127.0.0.1:${grpcPort}/`;
      const flags = ["-s", "-m", "10", "--http2-prior-knowledge", "-w", "%{http_code}", "-d", "{}"];
      const { stdout } = await run("curl", [...flags, url]);
      assert.equal(stdout, "this port speaks gRPC, whose content-type is application/grpc\n415");
    }));

  it("grpc-go as client and node: sizes, concurrency, deadlines, cancelled calls", () =>
    withOrchestrator([], [], {}, async (orchestrator) => {
      assertAll(await callAll(orchestrator), ALL_WELL);
    }));

  it("the same over TLS on both sides", () => {
    const env = { SELDON_CERT_MOUNT_PATH: peers.folder };
    const flags = ["--node_tls=on", `--node_ca_file=${files.ca}`];
    return withOrchestrator([`-cert=${files.cert}`, `-key=${files.key}`], flags, env, async (orchestrator) => {
      assertAll(await callAll(orchestrator, [`-ca=${files.ca}`]), ALL_WELL);
    });
  });

  const sparing: readonly (readonly [what: string, flags: readonly string[]])[] = [
    ["windows of 65,535", ["-window=65535"]],
    ["one stream at once", ["-streams=1"]],
    ["connections that are drained all the time", ["-age=200ms"]],
    ["both", ["-streams=3", "-age=200ms"]],
  ];
  for (const [what, nodeFlags] of sparing) {
    it(`a node of grpc-go with ${what}`, () =>
      withOrchestrator(nodeFlags, [], {}, async (orchestrator) => {
        const tallies = await callAll(orchestrator);
        assertAll(tallies, ALL_WELL);
      }));
  }

  it("grpc-go loses no call when the orchestrator drains", () =>
    withOrchestrator([], [], {}, async (orchestrator) => {
      const flags = [`-target=127.0.0.1:${orchestrator.grpcPort}`, `-method=${METHOD}`, "-load=12s"];
      const ending: Promise<unknown>[] = [];
      const tallies = await peers.call(flags, ({ what }) => {
        if (what === "begun") setTimeout(() => void ending.push(orchestrator.end("SIGTERM")), 3000);
      });
      await Promise.all(ending);
      const load = tallies.find(({ what }) => what === "load");
      assert.ok(load);
      const { OK = 0, "nobody listens": refused = 0, ...others } = load.codes;
      assert.ok(OK > 100 && refused > 0, JSON.stringify(load.codes));
      assert.deepEqual([others, load.wrong], [{}, 0]);
    }));
});
