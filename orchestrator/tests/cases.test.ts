import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { load } from "js-yaml";
import type { Json } from "#proto/json/json.ts";
import { callGrpc, startBed, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

/** `testdata/<case>/case.yaml`: a graph, a request and what nodes answer; then the answer and the calls it takes. */
interface Case {
  readonly says: string;
  readonly graph: TestNode;
  readonly transports?: readonly ("rest" | "grpc")[];
  readonly call?: "predict" | "feedback";
  readonly request: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly replies?: Replies;
  readonly random?: number;
  readonly expect: {
    readonly status?: number;
    readonly grpcCode?: number;
    readonly body?: Json;
    readonly routing?: string;
    /** In any order, for branches run side by side. */
    readonly calls: readonly string[];
    /** Bodies that nodes must have seen, by `node/operation`. */
    readonly seen?: Readonly<Record<string, Json>>;
    /** Transport that nodes must have been called by, by name. */
    readonly by?: Readonly<Record<string, string>>;
  };
}

const folder = join(import.meta.dirname, "..", "testdata");
const names = readdirSync(folder).sort();

describe("graph cases", { concurrency: 8 }, () => {
  assert.ok(names.length >= 20, "the cases are there");
  for (const name of names) {
    const one = load(readFileSync(join(folder, name, "case.yaml"), "utf8")) as Case;
    for (const transport of one.transports ?? (["rest", "grpc"] as const)) {
      it(`${name} over ${transport}: ${one.says}`, async () => {
        const { random } = one;
        const bed = await startBed(one.graph, one.replies ?? {}, random === undefined ? {} : { random: () => random });
        try {
          await (transport === "rest" ? checkRest(one, bed) : checkGrpc(one, bed));
          checkCalls(one, bed);
        } finally {
          await bed.stop();
        }
      });
    }
  }
});

async function checkRest(one: Case, bed: TestBed): Promise<void> {
  const path = one.call === "feedback" ? "/api/v1.0/feedback" : "/api/v1.0/predictions";
  const response = await fetch(bed.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...one.headers },
    body: JSON.stringify(one.request),
  });
  const text = await response.text();
  assert.equal(response.status, one.expect.status ?? 200, text);
  if (one.expect.body !== undefined) assert.deepEqual(JSON.parse(text), one.expect.body);
  if (one.expect.routing !== undefined)
    assert.equal(sorted(response.headers.get("x-graphway-routing")), one.expect.routing);
}

async function checkGrpc(one: Case, bed: TestBed): Promise<void> {
  const method = one.call === "feedback" ? "SendFeedback" : "Predict";
  const request = encodeRequest(method, one.request);
  const answer = await callGrpc(bed.app.grpcPort, `/seldon.protos.Seldon/${method}`, request, one.headers);
  assert.equal(answer.code, one.expect.grpcCode ?? 0, answer.details);
  if (one.expect.body !== undefined && answer.code === 0) {
    assert.deepEqual(withoutEmpty(answer.body), withoutEmpty(one.expect.body));
  }
  if (one.expect.routing !== undefined) {
    assert.equal(sorted(answer.metadata["x-graphway-routing"] ?? null), one.expect.routing);
  }
}

function checkCalls(one: Case, bed: TestBed): void {
  const made = bed.calls.map((call) => `${call.node}/${call.operation}`).sort();
  assert.deepEqual(made, [...one.expect.calls].sort());
  for (const [key, body] of Object.entries(one.expect.seen ?? {})) {
    const call = bed.calls.find((each) => `${each.node}/${each.operation}` === key);
    assert.deepEqual(withoutEmpty(call?.body ?? null), withoutEmpty(body), key);
  }
  for (const [node, transport] of Object.entries(one.expect.by ?? {})) {
    for (const call of bed.calls.filter((each) => each.node === node)) assert.equal(call.transport, transport, node);
  }
}

function sorted(routing: string | null): string {
  return (routing ?? "").split(";").sort().join(";");
}

/** An empty list or map and an absent one are the same on the wire. */
function withoutEmpty(json: Json): Json {
  return JSON.parse(
    JSON.stringify(json, (_key, value: unknown) =>
      typeof value === "object" && value !== null && Object.keys(value).length === 0 ? undefined : value,
    ),
  ) as Json;
}
