import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Match } from "../route-policy.ts";
import { readConditions, type MatchCondition, type TextCheck } from "./conditions.ts";
import { covers, findContradiction } from "./contradictions.ts";

/** What a request has, by `kind name`; method, path and transport by kind. */
type Request = ReadonlyMap<string, string>;

function passes(text: string | undefined, test: TextCheck): boolean {
  if (test.kind === "absent" || text === undefined) return test.kind === "absent" && text === undefined;
  if (test.kind === "present") return true;
  const { kind, text: wanted } = test;
  if (kind === "exact") return text === wanted;
  if (kind === "prefix") return text.startsWith(wanted);
  return kind === "suffix" ? text.endsWith(wanted) : text.includes(wanted);
}

function meets(request: Request, conditions: readonly MatchCondition[]): boolean {
  return conditions.every((one) => {
    if (one.on === "transport") return request.get("transport") === one.transport;
    return passes(request.get("name" in one ? `${one.on} ${one.name}` : one.on), one.test);
  });
}

const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 });
const texts = fc.oneof(
  fc.record({ exact: text }),
  fc.record({ prefix: text }),
  fc.record({ suffix: text }),
  fc.record({ contains: text }),
);
const named = fc
  .tuple(fc.constantFrom("x", "X", "y"), fc.oneof(texts, fc.record({ present: fc.boolean() })))
  .map(([name, test]) => ({ name, ...test }));
const match: fc.Arbitrary<Match> = fc.record(
  {
    headers: fc.array(named, { maxLength: 3 }),
    cookies: fc.array(named, { maxLength: 2 }),
    method: fc.constantFrom("GET", "POST"),
    path: texts,
    transport: fc.constantFrom("rest" as const, "grpc" as const),
  },
  { requiredKeys: [] },
);
const maybe = fc.option(text, { nil: undefined });
const request = fc
  .record({
    "header x": maybe,
    "header y": maybe,
    "cookie x": maybe,
    "cookie X": maybe,
    "cookie y": maybe,
    path: text,
    call: fc.constantFrom(["rest", "GET"], ["rest", "POST"], ["grpc", "POST"]),
  })
  .map(({ call: [transport = "", method = ""], ...others }): Request => {
    const fields = Object.entries({ ...others, transport, method });
    return new Map(fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
  });

describe("conditions", () => {
  it("that contradict each other are met by no request", () => {
    fc.assert(
      fc.property(match, request, (given, one) => {
        const conditions = readConditions(given);
        if (findContradiction(conditions) !== undefined) assert.equal(meets(one, conditions), false);
      }),
      { numRuns: 2000 },
    );
  });

  it("that cover others are met wherever those are", () => {
    fc.assert(
      fc.property(match, match, request, (wide, narrow, one) => {
        const [all, some] = [readConditions(wide), readConditions(narrow)];
        if (covers(all, some) && meets(one, some)) assert.equal(meets(one, all), true);
      }),
      { numRuns: 2000 },
    );
  });

  const contradictions: readonly (readonly [string, Match, boolean])[] = [
    [
      "two values of a header",
      {
        headers: [
          { name: "a", exact: "1" },
          { name: "A", exact: "2" },
        ],
      },
      true,
    ],
    [
      "there and not there",
      {
        cookies: [
          { name: "a", present: true },
          { name: "a", present: false },
        ],
      },
      true,
    ],
    [
      "a value of what is not there",
      {
        query: [
          { name: "a", prefix: "" },
          { name: "a", present: false },
        ],
      },
      true,
    ],
    [
      "two beginnings",
      {
        headers: [
          { name: "a", prefix: "ab" },
          { name: "a", prefix: "b" },
        ],
      },
      true,
    ],
    [
      "a longer beginning",
      {
        headers: [
          { name: "a", prefix: "ab" },
          { name: "a", prefix: "a" },
        ],
      },
      false,
    ],
    [
      "two ends",
      {
        headers: [
          { name: "a", suffix: "ab" },
          { name: "a", suffix: "a" },
        ],
      },
      true,
    ],
    [
      "a value without a part of it",
      {
        headers: [
          { name: "a", exact: "ab" },
          { name: "a", contains: "c" },
        ],
      },
      true,
    ],
    ["gRPC by GET", { transport: "grpc", method: "GET" }, true],
    ["gRPC by POST", { transport: "grpc", method: "POST" }, false],
    [
      "cookies that differ in letter case",
      {
        cookies: [
          { name: "a", exact: "1" },
          { name: "A", exact: "2" },
        ],
      },
      false,
    ],
  ];
  for (const [name, given, expected] of contradictions) {
    it(`${name}: ${expected ? "a contradiction" : "no contradiction"}`, () => {
      assert.equal(findContradiction(readConditions(given)) !== undefined, expected);
    });
  }
});
