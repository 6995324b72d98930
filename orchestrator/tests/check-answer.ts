import assert from "node:assert/strict";
import type { Json } from "#proto/json/json.ts";
import type { StubCall } from "./stub-node.ts";
import type { Posted } from "./event-collector.ts";
import type { Expected, ExpectedAnswer, ExpectedEvent, ExpectedWorld } from "./case.ts";

/** An answer of either transport. */
export interface Answer {
  /** HTTP status or gRPC code. */
  readonly status: number;
  readonly details: string;
  readonly bytes: Buffer;
  readonly json: Json;
  readonly headers: Readonly<Record<string, string>>;
}

/** Checks all that an answer is expected to be. */
export function checkAnswer(what: string, answer: Answer, expected: ExpectedAnswer, isGrpc: boolean): void {
  const status = isGrpc ? (expected.grpcCode ?? 0) : (expected.status ?? 200);
  assert.equal(answer.status, status, `${what}: ${answer.details}${answer.bytes.subarray(0, 1000).toString()}`);
  if (expected.details !== undefined && isGrpc) assertMeets(answer.details, expected.details, `${what}: details`);
  if (expected.body !== undefined && (!isGrpc || answer.status === 0)) {
    if (isGrpc) assert.deepEqual(withoutEmpty(answer.json), withoutEmpty(expected.body), what);
    else assert.deepEqual(JSON.parse(answer.bytes.toString()), expected.body, what);
  }
  if (expected.text !== undefined && !isGrpc) assertMeets(answer.bytes.toString(), expected.text, what);
  if (expected.base64 !== undefined) assert.equal(answer.bytes.toString("base64"), expected.base64, what);
  checkHeaders(what, answer.headers, expected.headers ?? {});
  if (expected.routing !== undefined) {
    assert.equal(sorted(answer.headers["x-graphway-routing"]), expected.routing, what);
  }
}

/** Checks the calls that nodes saw. */
export function checkCalls(calls: readonly StubCall[], expected: ExpectedWorld): void {
  const made = calls.map((call) => `${call.node}/${call.operation}`).sort();
  if (expected.calls !== undefined) assert.deepEqual(made, [...expected.calls].sort());
  const find = (key: string): StubCall => {
    const call = calls.find((each) => `${each.node}/${each.operation}` === key);
    assert.ok(call, `${key} was not called; these were: ${made.join(", ")}`);
    return call;
  };
  for (const [key, body] of Object.entries(expected.seen ?? {})) {
    assert.deepEqual(withoutEmpty(find(key).body), withoutEmpty(body), key);
  }
  for (const [key, text] of Object.entries(expected.seenText ?? {})) assertMeets(find(key).raw.toString(), text, key);
  for (const [key, bytes] of Object.entries(expected.seenBase64 ?? {})) {
    assert.equal(find(key).raw.toString("base64"), bytes, key);
  }
  for (const [key, headers] of Object.entries(expected.seenHeaders ?? {}))
    checkHeaders(key, find(key).headers, headers);
  for (const [node, transport] of Object.entries(expected.by ?? {})) {
    for (const call of calls.filter((each) => each.node === node)) assert.equal(call.transport, transport, node);
  }
}

/** Checks that each expected event is there once, and no other. */
export function checkEvents(events: readonly Posted[], expected: readonly ExpectedEvent[]): void {
  const left = [...events];
  for (const one of expected) {
    const errors: unknown[] = [];
    const found = left.findIndex((event) => {
      try {
        checkHeaders("event", event.headers, one.headers);
        if (one.body !== undefined) assert.deepEqual(JSON.parse(event.body.toString()), one.body);
        if (one.text !== undefined) assertMeets(event.body.toString(), one.text, "event");
        return true;
      } catch (error) {
        errors.push(error);
        return false;
      }
    });
    const seen = left.map((event) => `${JSON.stringify(event.headers)} ${event.body.toString()}`).join("\n");
    assert.notEqual(
      found,
      -1,
      `no event is ${JSON.stringify(one)}; there are:\n${seen}\n${errors.map(String).join("\n")}`,
    );
    left.splice(found, 1);
  }
  assert.deepEqual(
    left.map((event) => event.headers),
    [],
    "events that nobody expects",
  );
}

/** Checks lines of a metrics page. */
export function checkMetrics(page: string, expected: ExpectedWorld): void {
  const lines = page.split("\n");
  for (const one of expected.metrics ?? []) {
    assert.ok(
      lines.some((line) => meets(line, one)),
      `no line is ${one} in\n${page}`,
    );
  }
  for (const one of expected.noMetrics ?? []) {
    assert.deepEqual(
      lines.filter((line) => meets(line, one)),
      [],
      one,
    );
  }
}

function checkHeaders(
  what: string,
  headers: Readonly<Record<string, string>>,
  expected: Readonly<Record<string, Expected>>,
): void {
  for (const [name, value] of Object.entries(expected)) {
    const given = headers[name.toLowerCase()];
    if (value === null) assert.equal(given, undefined, `${what}: ${name} is there`);
    else {
      assert.notEqual(given, undefined, `${what}: ${name} is missing`);
      assertMeets(given ?? "", String(value), `${what}: ${name}`);
    }
  }
}

function assertMeets(given: string, expected: string, what: string): void {
  if (isPattern(expected)) assert.match(given, patternOf(expected), what);
  else assert.equal(given, expected, what);
}

function meets(given: string, expected: string): boolean {
  return isPattern(expected) ? patternOf(expected).test(given) : given === expected;
}

function isPattern(text: string): boolean {
  return text.length > 2 && text.startsWith("/") && text.endsWith("/");
}

function patternOf(text: string): RegExp {
  return new RegExp(text.slice(1, -1), "su");
}

function sorted(routing: string | undefined): string {
  return (routing ?? "").split(";").sort().join(";");
}

/** An empty list or map and an absent one are the same on the wire. */
export function withoutEmpty(json: Json): Json {
  const kept = JSON.stringify({ json }, (_key, value: unknown) =>
    typeof value === "object" && value !== null && Object.keys(value).length === 0 ? undefined : value,
  );
  return (JSON.parse(kept) as { readonly json?: Json }).json ?? null;
}
