import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readTrace, TRACE_FORMATS, withoutTrace, writeTrace } from "./propagation.ts";

const T = "4bf92f3577b34da6a3ce929d0e0e4736";
const S = "00f067aa0ba902b7";
const read = (...pairs: readonly string[]) => readTrace(pairs, TRACE_FORMATS);

describe("a trace context", () => {
  const good: readonly [string, readonly string[], string, string, boolean | undefined][] = [
    ["traceparent, sampled", ["traceparent", `00-${T}-${S}-01`], T, S, true],
    ["traceparent, not sampled", ["traceparent", `00-${T}-${S}-00`], T, S, false],
    ["traceparent, flags of level 2", ["traceparent", `00-${T}-${S}-03`], T, S, true],
    ["traceparent of a later version", ["traceparent", `cc-${T}-${S}-01-what-the-future-brings`], T, S, true],
    ["traceparent before all others", ["b3", `${"a".repeat(32)}-${S}-0`, "traceparent", `00-${T}-${S}-01`], T, S, true],
    ["b3", ["b3", `${T}-${S}-1`], T, S, true],
    ["b3 with a parent", ["b3", `${T}-${S}-0-${S}`], T, S, false],
    ["b3 that leaves the decision to us", ["b3", `${T}-${S}`], T, S, undefined],
    ["b3 with a short id in capitals", ["b3", `${"A".repeat(16)}-${S}-d`], "a".repeat(16).padStart(32, "0"), S, true],
    ["b3 in several headers", ["x-b3-traceid", T, "x-b3-spanid", S, "x-b3-sampled", "true"], T, S, true],
    ["b3 in several headers, debug", ["x-b3-traceid", T, "x-b3-spanid", S, "x-b3-flags", "1"], T, S, true],
    ["uber-trace-id", ["uber-trace-id", `${T}:${S}:0:1`], T, S, true],
    [
      "uber-trace-id without leading zeros",
      ["uber-trace-id", "1a:2b:0:0"],
      "1a".padStart(32, "0"),
      "2b".padStart(16, "0"),
      false,
    ],
    ["uber-trace-id, encoded", ["uber-trace-id", `${T}%3A${S}%3a0%3A3`], T, S, true],
    ["b3 where traceparent can't be read", ["traceparent", "nonsense", "b3", `${T}-${S}-1`], T, S, true],
  ];
  for (const [what, pairs, traceId, spanId, sampled] of good) {
    it(`is read: ${what}`, () => {
      const trace = read(...pairs);
      assert.deepEqual(trace.parent, { traceId, spanId });
      assert.equal(trace.sampled, sampled);
    });
  }

  const bad: readonly (readonly string[])[] = [
    ["traceparent", `ff-${T}-${S}-01`],
    ["traceparent", `00-${T}-${S}-01-more`],
    ["traceparent", `00-${T.toUpperCase()}-${S}-01`],
    ["traceparent", `00-${"0".repeat(32)}-${S}-01`],
    ["traceparent", `00-${T}-${"0".repeat(16)}-01`],
    ["traceparent", `00-${T}-${S}-01`, "traceparent", `00-${T}-${S}-01`],
    ["b3", `${T}-${S}-2`],
    ["x-b3-traceid", T],
    ["x-b3-spanid", S],
    ["uber-trace-id", `${T}:${S}:0`],
    ["uber-trace-id", `0:0:0:1`],
    ["other", `00-${T}-${S}-01`],
  ];
  for (const pairs of bad) {
    it(`is none: ${pairs.join(" ")}`, () => {
      assert.equal(read(...pairs).parent, undefined);
    });
  }

  it("is read only where the format is allowed", () => {
    assert.equal(readTrace(["b3", `${T}-${S}-1`], ["tracecontext"]).parent, undefined);
  });

  it("has its decision even without ids", () => {
    assert.equal(read("b3", "0").sampled, false);
    assert.equal(read("x-b3-sampled", "1").sampled, true);
    assert.ok(read("b3", "d").isDebug);
  });

  it("keeps tracestate with its traceparent only", () => {
    assert.equal(
      read("traceparent", `00-${T}-${S}-01`, "tracestate", "a=1", "tracestate", "b=2").traceState,
      "a=1,b=2",
    );
    assert.equal(read("b3", `${T}-${S}-1`, "tracestate", "a=1").traceState, "");
    assert.deepEqual(withoutTrace(["tracestate", "a", "b3", "0", "x", "1"], true), ["tracestate", "a", "x", "1"]);
    assert.deepEqual(withoutTrace(["tracestate", "a", "b3", "0", "x", "1"], false), ["x", "1"]);
  });

  it("is read as it was written, in every format", () => {
    const hex = (bytes: number) =>
      fc.uint8Array({ minLength: bytes, maxLength: bytes }).filter((one) => one.some((byte) => byte !== 0));
    const id = (bytes: number) => hex(bytes).map((one) => Buffer.from(one).toString("hex"));
    fc.assert(
      fc.property(
        id(16),
        id(8),
        fc.boolean(),
        fc.constantFrom(...TRACE_FORMATS),
        (traceId, spanId, isSampled, format) => {
          const pairs: string[] = ["other", "1"];
          writeTrace(pairs, { traceId, spanId, isSampled, isDebug: false }, [format]);
          const trace = read(...pairs);
          assert.deepEqual(trace.parent, { traceId, spanId });
          assert.equal(trace.sampled, isSampled);
          assert.deepEqual(trace.formats, [format]);
          assert.deepEqual(withoutTrace(pairs, true), ["other", "1"]);
        },
      ),
    );
  });

  it("of any text is read without harm", () => {
    const names = ["traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-flags", "uber-trace-id"];
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:%-]{0,70}$/));
    const entries = fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 8 });
    fc.assert(
      fc.property(entries, (list) => {
        const { parent } = read(...list.flat());
        if (parent === undefined) return;
        assert.match(parent.traceId, /^[0-9a-f]{32}$/);
        assert.match(parent.spanId, /^[0-9a-f]{16}$/);
      }),
    );
  });
});
