import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BUCKETS_SECONDS, DurationSeries, QUANTILES } from "./histogram.ts";
import { DurationFamily } from "./duration-family.ts";
import { FAMILIES } from "./families.ts";
import { grpcCodeName } from "./grpc-codes.ts";
import { KnownSeries } from "./known-series.ts";

const MINUTE_MS = 60_000;

describe("a series of durations", () => {
  it("puts every duration into the first bucket that bounds it", () => {
    const durations = fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(durations, (seconds) => {
        const series = new DurationSeries(0);
        for (const one of seconds) series.observe(one, 0);
        let below = 0;
        for (const [i, bound] of [...BUCKETS_SECONDS, Infinity].entries()) {
          below += series.buckets[i] ?? 0;
          assert.equal(below, seconds.filter((one) => one <= bound).length);
        }
        assert.equal(series.count, seconds.length);
      }),
    );
  });

  it("knows its quantiles within five percent, and the largest exactly", () => {
    const durations = fc.array(fc.double({ min: 1e-4, max: 100, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(durations, (seconds) => {
        const series = new DurationSeries(0);
        // Spread over three windows, which are merged.
        for (const [i, one] of seconds.entries())
          series.observe(one, Math.floor((i * 3) / seconds.length) * 2 * MINUTE_MS);
        const sorted = [...seconds].sort((a, b) => a - b);
        for (const [i, value] of series.quantiles(6 * MINUTE_MS).entries()) {
          const quantile = QUANTILES[i] ?? 0;
          const exact = sorted[Math.max(0, Math.ceil(quantile * sorted.length - 1e-9) - 1)] ?? 0;
          if (quantile === 1) assert.equal(value, exact);
          else assert.ok(value >= exact * 0.999 && value <= exact * 1.051, `${quantile}: ${value} for ${exact}`);
        }
      }),
    );
  });

  it("forgets after ten minutes in its quantiles, never in its counts", () => {
    const series = new DurationSeries(0);
    series.observe(5, 0);
    series.observe(1, 5 * MINUTE_MS);
    assert.equal(series.quantiles(9 * MINUTE_MS).at(-1), 5);
    assert.equal(series.quantiles(11 * MINUTE_MS).at(-1), 1);
    assert.ok(Number.isNaN(series.quantiles(60 * MINUTE_MS).at(-1)));
    assert.equal(series.count, 2);
    series.observe(2, 90 * MINUTE_MS);
    assert.equal(series.quantiles(90 * MINUTE_MS).at(-1), 2);
  });
});

describe("labels", () => {
  it("are bounded per node, whatever services come", () => {
    const services = new Set<string>();
    const known = new KnownSeries((service) => {
      services.add(service);
      return new DurationSeries(0);
    });
    const first = known.find("/predict", "post", "200");
    for (let i = 0; i < 1000; i += 1) known.find(`/made-up/${i}`, "post", "200");
    assert.ok(services.size <= 65, String(services.size));
    assert.ok(services.has("other"));
    assert.equal(known.find("/predict", "post", "200"), first);
    assert.notEqual(known.find("/predict", "post", "500"), first);
  });

  it("are bounded per family", () => {
    const family = new DurationFamily(FAMILIES.server, FAMILIES.serverSummary);
    for (let i = 0; i < 6000; i += 1) family.series([String(i), "", "", "", "", ""]).observe(1, 0);
    const lines = family
      .render()
      .split("\n")
      .filter((line) => line.includes("seconds_count{"));
    assert.equal(lines.length, 5001);
    const [other] = lines.filter((line) => line.includes(`code="other"`));
    assert.match(other ?? "", / 1000$/);
  });

  it("are escaped", () => {
    const family = new DurationFamily(FAMILIES.server, FAMILIES.serverSummary);
    family.series([`a"b\\c\nd`, "", "", "", "", ""]).observe(1, 0);
    assert.ok(family.render().includes(String.raw`code="a\"b\\c\nd"`));
  });

  it("have no more gRPC codes than there are", () => {
    assert.equal(grpcCodeName(14), "Unavailable");
    assert.equal(grpcCodeName(99), "Code(99)");
    assert.equal(grpcCodeName(123_456), "Unknown");
    assert.equal(grpcCodeName(-1), "Unknown");
  });
});
