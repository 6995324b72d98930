import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Graph } from "../../graph/graph.ts";
import { createLog } from "../log.ts";
import { startTracing } from "./start-tracing.ts";
import type { TracedProcess } from "./tracing.ts";

const IDENTITY = { namespace: "default", deployment: "iris", predictor: "main" };
const PROCESS: TracedProcess = {
  identity: IDENTITY,
  hostname: "pod-1",
  schemes: { server: "http", nodes: "http" },
};
const GRAPH = { ...IDENTITY, nodes: [] } as unknown as Graph;

function logInto(lines: Record<string, unknown>[]) {
  return createLog("info", {}, (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
}

describe("tracing", () => {
  it("is off without an endpoint, and says nothing", async () => {
    const lines: Record<string, unknown>[] = [];
    assert.equal(await startTracing({}, PROCESS, logInto(lines)), undefined);
    assert.deepEqual(lines, []);
  });

  it("counts every span that a collector which is away costs, and says so once a minute", async () => {
    const lines: Record<string, unknown>[] = [];
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
      OTEL_EXPORTER_OTLP_TIMEOUT: "200",
      OTEL_BSP_MAX_QUEUE_SIZE: "10",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "5",
    };
    const tracing = await startTracing(env, PROCESS, logInto(lines));
    assert.ok(tracing !== undefined);
    const requests = 40;
    for (let i = 0; i < requests; i += 1) {
      const trace = tracing.tracer.begin({
        graph: GRAPH,
        transport: "rest",
        service: "predictions",
        path: "/",
        method: "POST",
        puid: "p",
        isShadow: false,
        pairs: [],
        routing: new Map(),
        startedMs: performance.now(),
      });
      trace?.end({ code: "200", failure: undefined });
    }
    while (await tracing.flush(5000).then((sent) => !sent)) {
      if (tracing.counts().failed + tracing.counts().dropped === requests) break;
    }
    const { exported, dropped, failed } = tracing.counts();
    assert.deepEqual({ exported, lost: dropped + failed }, { exported: 0, lost: requests });
    assert.ok(dropped >= 20);
    const warnings = lines.filter((line) => line["level"] === "warn");
    assert.equal(warnings.length, 1, JSON.stringify(warnings));
    assert.match(String(warnings[0]?.["msg"]), /spans are lost/);
  });
});
