import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statusError } from "./answers.ts";
import { waitMs } from "./back-off.ts";
import type { Clock } from "./clock.ts";
import { parseLabelSelector } from "./label-selector.ts";
import { compareVersions } from "./resource-version.ts";
import { splitLines } from "./watch-lines.ts";

describe("label selectors", () => {
  const labels = { app: "a", tier: "", "seldon.io/id": "x" };
  const cases: readonly (readonly [selector: string, selects: boolean])[] = [
    ["", true],
    ["app=a", true],
    ["app==a,tier=", true],
    ["app=b", false],
    ["app!=a", false],
    ["app!=b,none!=b", true],
    ["app", true],
    ["!app", false],
    ["!none", true],
    ["none", false],
    ["app in (b, a),seldon.io/id", true],
    ["app in (b)", false],
    ["app notin (a,b)", false],
    ["none notin (a)", true],
    ["toString", false],
  ];
  for (const [selector, selects] of cases) {
    it(`"${selector}"`, () => {
      assert.equal(parseLabelSelector(selector)(labels), selects);
    });
  }

  it("refuse what is none", () => {
    assert.throws(() => parseLabelSelector("app of (a)"), TypeError);
  });
});

describe("resource versions", () => {
  it("are compared as the integers they are", () => {
    assert.ok((compareVersions("9", "10") ?? 0) < 0);
    assert.ok((compareVersions("9007199254740993", "9007199254740992") ?? 0) > 0);
    assert.equal(compareVersions("7", "7"), 0);
    assert.equal(compareVersions("abc", "abc"), 0);
  });

  it("have no order otherwise", () => {
    for (const [one, other] of [
      ["a", "b"],
      ["1", "01"],
      ["1", ""],
      [undefined, "1"],
    ] as const) {
      assert.equal(compareVersions(one, other), undefined);
    }
  });
});

describe("the back-off", () => {
  const clock = (chance: number): Clock => ({
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: () => () => undefined,
    random: () => chance,
  });
  const backOff = { firstMs: 100, longestMs: 1_000 };

  it("doubles up to its end, with jitter", () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 5_000].map((failures) => waitMs(backOff, failures, clock(0))),
      [50, 100, 200, 400, 500, 500, 500],
    );
    assert.equal(waitMs(backOff, 1, clock(1)), 100);
  });

  it("waits as long as the server asks, within limits", () => {
    assert.ok(waitMs(backOff, 1, clock(0), { retryAfterMs: 700 }) >= 700);
    assert.ok(waitMs(backOff, 1, clock(0), { retryAfterMs: 1e9 }) <= 1_300);
  });
});

describe("errors of the API server", () => {
  it("are read whatever their causes are", () => {
    const { status, reason, causes } = statusError({ code: 422, details: { causes: [null, { field: "spec" }] } }, 500);
    assert.deepEqual([status, reason], [422, "Invalid"]);
    assert.deepEqual(causes, [
      { reason: "", field: "", message: "" },
      { reason: "", field: "spec", message: "" },
    ]);
    assert.deepEqual(statusError({ details: { causes: "none" } }, 500).causes, []);
  });
});

describe("lines of a watch", () => {
  it("come out whole wherever the stream is cut", async () => {
    const bytes = Buffer.from('{"a":"ü€"}\n\n{"b":2}\n');
    for (let at = 0; at <= bytes.length; at++) {
      const lines: string[] = [];
      const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
      for await (const line of splitLines(toStream(chunks), 100)) lines.push(line);
      assert.deepEqual(lines, ['{"a":"ü€"}', '{"b":2}']);
    }
  });

  it("are bounded", async () => {
    const tooLong = [Buffer.from("x".repeat(60)), Buffer.from(`${"x".repeat(60)}\n`)];
    await assert.rejects(splitLines(toStream(tooLong), 100).next(), /longer than 100 bytes/);
    await assert.rejects(splitLines(toStream([Buffer.from("{")]), 100).next(), /cut off/);
  });
});

async function* toStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}
