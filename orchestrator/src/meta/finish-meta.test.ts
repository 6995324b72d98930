import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seldon } from "#proto/gen/seldon.js";
import { isJsonObject, type Json } from "#proto/json/json.ts";
import { CallError } from "../execute/call-error.ts";
import { grpcPayload, JSON_TYPE, type RestPayload } from "../execute/payload.ts";
import type { AnswerMeta } from "../execute/answer-meta.ts";
import type { Run } from "../execute/run.ts";
import { graphOfEnginePredictor } from "../graph/from-file.ts";
import { finishMeta } from "./finish-meta.ts";
import { KeptMetas } from "./kept-metas.ts";

const { SeldonMessage } = seldon.protos;
const endpoint = { service_host: "h", service_port: 1, httpPort: 1 };

/** A request that has gone through one model, `m`. */
function runOf(kind: AnswerMeta["kind"], routing: Readonly<Record<string, number>>): Run {
  const graph = { name: "m", type: "MODEL", endpoint };
  const encoded = Buffer.from(JSON.stringify({ name: "p", graph })).toString("base64");
  const identity = { namespace: "n", deployment: "d", predictor: "p" };
  const { value } = graphOfEnginePredictor(encoded, identity, { protocol: "seldon", mergesMeta: false });
  assert.ok(value);
  return {
    graph: value,
    caller: { maxReplyBytes: 0, call: () => Promise.reject(new Error("no node is called")) },
    calledBy: "rest",
    puid: "p1",
    modelName: "",
    modelVersion: "",
    headers: { pairs: [], acceptEncoding: "" },
    forced: new Map(),
    routing: new Map(Object.entries(routing)),
    path: undefined,
    random: () => 0,
    isShadow: false,
    meta: kind === "merged" ? { kind, replies: new KeptMetas() } : { kind },
  };
}

function rest(text: string, contentEncoding = ""): RestPayload {
  return { transport: "rest", body: Buffer.from(text), contentType: JSON_TYPE, contentEncoding };
}

const routings = fc
  .dictionary(fc.stringMatching(/^[a-z-]{1,5}$/), fc.integer({ min: -2, max: 9 }), { maxKeys: 4 })
  .map((all) => ({ ...all }));
const meta = fc.oneof(fc.jsonValue(), fc.record({ routing: fc.jsonValue(), tags: fc.jsonValue() }));
const body = fc.record({ data: fc.jsonValue(), meta, other: fc.jsonValue() }, { requiredKeys: [] });

describe("the meta of an answer", () => {
  it("holds the routing where it is an object, and else nothing is changed", async () => {
    await fc.assert(
      fc.asyncProperty(body, routings, async (json, routing) => {
        const text = JSON.stringify(json);
        const answer = await finishMeta(runOf("with-routing", routing), rest("{}"), rest(text));
        const out = answer.body.toString("utf8");
        const before = JSON.parse(text) as Readonly<Record<string, Json>>;
        if (!isJsonObject(before["meta"])) {
          assert.equal(out, text);
          return;
        }
        assert.deepEqual(JSON.parse(out), { ...before, meta: { ...before["meta"], routing } });
        const written = JSON.stringify(
          Object.fromEntries(Object.entries(routing).sort(([a], [b]) => (a < b ? -1 : 1))),
        );
        assert.ok(out.includes(`"routing":${written}`));
      }),
    );
  });

  it("is merged into any JSON object, and into nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(body, async (json) => {
        const text = JSON.stringify(json);
        const answer = await finishMeta(runOf("merged", { m: -1 }), rest("{}"), rest(text));
        const before = JSON.parse(text) as Readonly<Record<string, Json>>;
        const own = isJsonObject(before["meta"]) ? before["meta"] : {};
        const merged = { ...own, puid: "p1", tags: {}, routing: {}, requestPath: {}, metrics: [] };
        assert.deepEqual(JSON.parse(answer.body.toString("utf8")), { ...before, meta: merged });
      }),
    );
    for (const one of [rest("[]"), rest("meta"), rest(""), rest('{"meta":{}}', "gzip")]) {
      for (const kind of ["merged", "with-routing"] as const) {
        assert.deepEqual(await finishMeta(runOf(kind, { m: -1 }), rest("{}"), one), one);
      }
    }
  });

  it("is set in an encoded message, whose other fields stay", async () => {
    const strData = fc.string({ unit: "grapheme" });
    await fc.assert(
      fc.asyncProperty(strData, routings, fc.boolean(), async (text, routing, hasMeta) => {
        const message = { strData: text, status: { code: 7 }, ...(hasMeta ? { meta: { puid: "old" } } : {}) };
        const encoded = grpcPayload(SeldonMessage.encode(message).finish());
        const request = grpcPayload(Buffer.alloc(0));
        const routed = SeldonMessage.decode((await finishMeta(runOf("with-routing", routing), request, encoded)).body);
        assert.deepEqual({ ...routed.meta?.routing }, routing);
        assert.deepEqual([routed.meta?.puid, routed.strData, routed.status?.code], [hasMeta ? "old" : "", text, 7]);
        const merged = SeldonMessage.decode((await finishMeta(runOf("merged", routing), request, encoded)).body);
        assert.deepEqual([merged.meta?.puid, merged.strData, merged.status?.code], ["p1", text, 7]);
      }),
      { numRuns: 50 },
    );
  });

  it("can't be set in bytes that are no message", async () => {
    const broken = grpcPayload(Buffer.from([0x12, 0x7f, 1]));
    for (const kind of ["merged", "with-routing"] as const) {
      await assert.rejects(finishMeta(runOf(kind, {}), rest("{}"), broken), CallError);
    }
  });
});
