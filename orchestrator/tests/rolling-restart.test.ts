import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { enginePredictor, startProcess } from "./orchestrator-process.ts";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { GrpcLoad, RestLoad, until, type Backend } from "./rolling-load.ts";
import { startStub } from "./stub-node.ts";

describe("a rolling restart", { timeout: 600_000, concurrency: 2 }, () => {
  for (const flags of [[], ["--workers=2"]]) {
    it(`loses no request of either transport ${flags.join(" ")}`, async () => {
      const stub = await startStub(
        "m0",
        () => ({ body: { strData: "yes" }, delayMs: 5 }),
        () => {},
      );
      const env = { ENGINE_PREDICTOR: enginePredictor(stub.httpPort, stub.grpcPort) };
      const backends: Backend[] = [];
      for (let i = 0; i < 2; i += 1) backends.push({ httpPort: await freePort(), grpcPort: await freePort() });
      const start = (i: number) =>
        startProcess(
          [
            `--http_port=${backends[i]?.httpPort}`,
            `--grpc_port=${backends[i]?.grpcPort}`,
            "--shutdown_delay=4s",
            "--graceful_timeout=30s",
            ...flags,
          ],
          env,
        );
      let running = await start(0);
      const rest = new RestLoad(backends, 6);
      const grpc = new GrpcLoad(backends, 4);
      const goOn = async (): Promise<void> => {
        const [restCount, grpcCount] = [rest.count, grpc.count];
        await until(() => rest.count > restCount + 30 && grpc.count > grpcCount + 30);
      };
      try {
        await goOn();
        for (const next of [1, 0]) {
          const replacement = await start(next);
          await goOn();
          assert.equal(await running.end("SIGTERM"), 0);
          running = replacement;
          await goOn();
        }
        await Promise.all([rest.stop(), grpc.stop()]);
        assert.deepEqual([rest.failures, grpc.failures], [[], []]);
      } finally {
        await Promise.all([rest.stop(), grpc.stop()]);
        running.child.kill("SIGKILL");
        await stub.stop();
      }
    });
  }
});
