import assert from "node:assert/strict";
import { request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { describe, it } from "node:test";
import { callGrpc } from "./orchestrator.ts";
import { enginePredictor, runProcess, startProcess } from "./orchestrator-process.ts";
import { encodeRequest, startStub } from "./stub-node.ts";

describe("the process", { concurrency: 2, timeout: 600_000 }, () => {
  const rows: readonly [string, readonly string[], Readonly<Record<string, string>>, number, RegExp][] = [
    ["no graph", [], {}, 255, /there is no graph: set ENGINE_PREDICTOR/],
    ["an empty ENGINE_PREDICTOR", [], { ENGINE_PREDICTOR: "" }, 255, /ENGINE_PREDICTOR is empty/],
    ["one that is not base64", [], { ENGINE_PREDICTOR: "%%%" }, 255, /is not base64/],
    ["one that is not JSON", [], { ENGINE_PREDICTOR: "aGVsbG8=" }, 255, /does not hold JSON/],
    ["a missing file", ["--file", "/nowhere.yaml"], {}, 255, /nowhere.yaml can't be read/],
    ["an unknown flag", ["--nope"], {}, 2, /--nope is not a flag/],
    ["a value that is none", ["--http_port=http"], {}, 2, /"http" is not a whole number/],
    ["a required flag left empty", ["--sdep="], {}, 1, /--sdep is required/],
    ["an unknown protocol", ["--protocol=v3"], {}, 1, /--protocol v3/],
    ["half of a pair", ["--node_tls=on", "--node_cert_file=a"], {}, 1, /--node_cert_file and --node_key_file go tog/],
    ["an authority without use", ["--node_ca_file=a"], {}, 1, /--node_ca_file has no effect without --node_tls=on/],
    ["client certificates without TLS", ["--tls_client_ca_file=a"], {}, 255, /asks for TLS, and there is no cert/],
    ["no certificate", [], { SELDON_CERT_MOUNT_PATH: "/nowhere" }, 255, /certificate can't be used: .*nowhere/],
  ];
  for (const [what, flags, env, code, says] of rows) {
    it(`ends with a clear message: ${what}`, async () => {
      const ended = await runProcess(flags, env);
      assert.equal(ended.code, code, ended.stderr);
      assert.match(ended.stderr, says);
    });
  }

  it("answers what is in flight, REST and gRPC, after SIGTERM, then exits 0", async () => {
    let calls = 0;
    const stub = await startStub(
      "m0",
      () => ({ body: { strData: "late" }, delayMs: 4_500 }),
      () => (calls += 1),
    );
    try {
      const env = { ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort) };
      const orchestrator = await startProcess(["--shutdown_delay=4s", "--graceful_timeout=30s"], env);
      const url = `http://127.0.0.1:${orchestrator.httpPort}`;
      const early = fetch(`${url}/api/v1.0/predictions`, { method: "POST", body: "{}" });
      const grpc = callGrpc(orchestrator.grpcPort, "/seldon.protos.Seldon/Predict", encodeRequest("Predict", {}));
      await until(() => Promise.resolve(calls === 2));
      const exit = orchestrator.end("SIGTERM");
      await until(async () => (await fetch(`${url}/ready`)).status === 503);
      const during = request(`${url}/api/v1.0/predictions`, { method: "POST" });
      during.end("{}");
      const [response] = (await once(during, "response")) as [IncomingMessage];
      assert.equal(response.statusCode, 200);
      assert.equal(response.headers.connection, "close");
      response.resume();
      assert.equal((await early).status, 200);
      assert.equal((await grpc).code, 0);
      assert.equal(await exit, 0);
    } finally {
      await stub.stop();
    }
  });

  it("goes on ending what is in flight after another signal, and stops at once after the same one", async () => {
    const called = Promise.withResolvers<undefined>();
    const stub = await startStub(
      "m0",
      () => ({ hang: true }),
      () => {
        called.resolve(undefined);
      },
    );
    try {
      const env = { ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort) };
      const orchestrator = await startProcess(["--graceful_timeout=60s"], env);
      const { child, httpPort } = orchestrator;
      const cut = assert.rejects(fetch(`http://127.0.0.1:${httpPort}/api/v1.0/predictions`, { method: "POST" }));
      await called.promise;
      child.kill("SIGTERM");
      child.kill("SIGTERM");
      await until(() =>
        fetch(`http://127.0.0.1:${httpPort}/live`).then(
          () => false,
          () => true,
        ),
      );
      child.kill("SIGINT");
      const ended = Promise.withResolvers<"ended">();
      child.once("exit", () => {
        ended.resolve("ended");
      });
      const stillThere = new Promise((resolve) => setTimeout(resolve, 100, "still there"));
      assert.equal(await Promise.race([ended.promise, stillThere]), "still there");
      assert.equal(await orchestrator.endAtOnce("SIGTERM"), 1);
      await cut;
    } finally {
      await stub.stop();
    }
  });

  it("exits 1 when what is in flight takes too long", async () => {
    const called = Promise.withResolvers<undefined>();
    const stub = await startStub(
      "m0",
      () => ({ hang: true }),
      () => {
        called.resolve(undefined);
      },
    );
    try {
      const env = { ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort) };
      const orchestrator = await startProcess(["--graceful_timeout=200ms"], env);
      const cut = fetch(`http://127.0.0.1:${orchestrator.httpPort}/api/v1.0/predictions`, { method: "POST" });
      const failure = assert.rejects(cut);
      await called.promise;
      assert.equal(await orchestrator.end("SIGTERM"), 1);
      await failure;
    } finally {
      await stub.stop();
    }
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 30_000;
  while (!(await condition())) {
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
