import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startBed, type BedOptions, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";
import { startTraceCollector, type TraceCollector } from "./trace-collector.ts";
import { ask, post, tracedBy } from "./traced.ts";

const OK = { body: { data: { ndarray: [[1]] } } };
const MODEL: TestNode = { name: "m", type: "MODEL" };
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("traces that go on from the client to the nodes", { timeout: 600_000 }, () => {
  let collector: TraceCollector;
  before(async () => {
    collector = await startTraceCollector();
  });
  after(() => collector.stop());

  const traced = (graph: TestNode, replies: Replies, use: (bed: TestBed) => Promise<unknown>, options?: BedOptions) =>
    tracedBy(collector, graph, replies, use, options);

  it("records the share of traces that the sampler asks for, and tells nodes of the others", async () => {
    const env = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" };
    const { spans, calls } = await traced(
      MODEL,
      { "m/predict": OK },
      async (bed) => {
        for (let i = 0; i < 64; i += 1) {
          const id = (i * 4).toString(16).padStart(2, "0").repeat(16);
          await post(bed, { traceparent: `00-${id === "0".repeat(32) ? "01".repeat(16) : id}-${SPAN}-01` });
        }
      },
      { env },
    );
    assert.equal(spans.length, 2 * 16);
    const flags = calls.map((call) => call.headers["traceparent"]?.slice(-2));
    assert.equal(flags.filter((one) => one === "01").length, 16);
    assert.equal(flags.filter((one) => one === "00").length, 48);
  });

  it("follows a decision that came with the request, and keeps a debug trace whatever the sampler says", async () => {
    const env = { OTEL_TRACES_SAMPLER: "parentbased_always_off" };
    const { spans, calls } = await traced(
      MODEL,
      { "m/predict": OK },
      async (bed) => {
        await post(bed);
        await post(bed, { traceparent: `00-${TRACE}-${SPAN}-00` });
        await post(bed, { traceparent: `00-${"a".repeat(32)}-${SPAN}-01` });
        await post(bed, { b3: `${"b".repeat(32)}-${SPAN}-d` });
      },
      { env },
    );
    assert.deepEqual([...new Set(spans.map((one) => one.traceId))].sort(), ["a".repeat(32), "b".repeat(32)]);
    assert.match(calls[0]?.headers["traceparent"] ?? "", /-00$/);
    assert.equal(calls[1]?.headers["traceparent"], `00-${TRACE}-${SPAN}-00`);
    assert.match(calls[3]?.headers["b3"] ?? "", /-d$/);
  });

  const formats: readonly [string, Readonly<Record<string, string>>][] = [
    ["traceparent", { traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: "vendor=x" }],
    ["b3 in one header", { b3: `${TRACE}-${SPAN}-1` }],
    ["b3 in several", { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1" }],
    ["uber-trace-id", { "uber-trace-id": `${TRACE}:${SPAN}:0:1` }],
  ];
  for (const transport of ["rest", "grpc"] as const) {
    it(`takes every format over ${transport} and hands it on`, async () => {
      const { spans, calls } = await traced(MODEL, { "m/predict": OK }, async (bed) => {
        for (const [, headers] of formats) await ask(bed, transport, headers);
      });
      const clients = spans.filter((one) => one.kind === "client");
      for (const span of spans) assert.equal(span.traceId, TRACE);
      for (const span of spans) if (span.kind === "server") assert.equal(span.parentSpanId, SPAN);
      assert.equal(spans.length, 2 * formats.length);
      for (const [i, [format, headers]] of formats.entries()) {
        const sent = calls[i]?.headers ?? {};
        const spanId = sent["traceparent"]?.split("-")[2] ?? "";
        assert.ok(clients.some((one) => one.spanId === spanId));
        assert.equal(sent["traceparent"], `00-${TRACE}-${spanId}-01`);
        assert.equal(sent["uber-trace-id"], `${TRACE}:${spanId}:0:1`);
        assert.equal(sent["b3"], format === "b3 in one header" ? `${TRACE}-${spanId}-1` : undefined);
        assert.equal(sent["x-b3-traceid"], format === "b3 in several" ? TRACE : undefined);
        assert.equal(sent["x-b3-spanid"], format === "b3 in several" ? spanId : undefined);
        assert.equal(sent["tracestate"], headers["tracestate"]);
      }
    });
  }

  it("hands every format on as it came when tracing is off", async () => {
    const names = ["traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "uber-trace-id"];
    const bed = await startBed(MODEL, { "m/predict": OK }, { env: {} });
    try {
      for (const transport of ["rest", "grpc"] as const) {
        for (const [format, headers] of formats) {
          await ask(bed, transport, { ...headers, baggage: "k=v" });
          const sent = bed.calls.at(-1)?.headers ?? {};
          const traces = Object.entries(sent).filter(([name]) => names.includes(name));
          assert.deepEqual(Object.fromEntries(traces), headers, `${format} over ${transport}`);
          assert.equal(sent["baggage"], "k=v");
        }
      }
    } finally {
      await bed.stop();
    }
  });
});
