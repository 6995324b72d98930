import type { Json, JsonObject } from "#proto/json/json.ts";
import { isJsonObject } from "#proto/json/json.ts";
import { loadCodec } from "../codec/load-codec.ts";
import { asCallError, CallError } from "../execute/call-error.ts";
import { grpcPayload, type GrpcPayload, type Payload, type RestPayload } from "../execute/payload.ts";
import type { ReplyMetas } from "../execute/answer-meta.ts";
import type { Run } from "../execute/run.ts";
import { endOfValue } from "./json-bytes.ts";
import { locateMember, readMember, setMember } from "./json-member.ts";
import { mergeMeta } from "./merge-meta.ts";
import { joinMeta, setRouting, splitMeta } from "./message-meta.ts";
import { readMeta, takeMeta } from "./kept-metas.ts";

/**
 * The graph's answer with the `meta` that the run asks for; nothing else of it is read or changed. A body that is not
 * a plain JSON object passes as it is. CallError (bad-reply) where an encoded message is malformed.
 */
export async function finishMeta(run: Run, request: Payload, answer: Payload): Promise<Payload> {
  switch (run.meta.kind) {
    case "untouched":
      return answer;
    case "with-routing":
      return answer.transport === "rest" ? restWithRouting(answer, run.routing) : grpcWithRouting(answer, run.routing);
    case "merged": {
      if (answer.transport === "rest" && !isPlain(answer)) return answer;
      const meta = await mergedMeta(run, run.meta.replies, request, answer);
      return answer.transport === "rest" ? restWithMeta(answer, meta) : grpcWithMeta(answer, meta);
    }
  }
}

/** Only where there is a `meta` already, and instead of any routing that it holds, as Seldon's executor does. */
function restWithRouting(answer: RestPayload, routing: ReadonlyMap<string, number>): RestPayload {
  if (!isPlain(answer)) return answer;
  const { body } = answer;
  const place = locateMember(body, "meta");
  const span = place?.values.at(-1);
  if (span === undefined || endOfValue(body, span.from) !== span.to) return answer;
  const meta = body.subarray(span.from, span.to);
  const within = locateMember(meta, "routing");
  if (place === undefined || within === undefined) return answer;
  const changed = Buffer.concat(setMember(meta, within, Buffer.from(JSON.stringify(sorted(routing)))));
  return { ...answer, body: Buffer.concat(setMember(body, place, changed)) };
}

function grpcWithRouting(answer: GrpcPayload, routing: ReadonlyMap<string, number>): GrpcPayload {
  const split = splitMeta(answer.body);
  return { ...answer, ...grpcPayload(Buffer.concat(joinMeta(setRouting(split.meta, routing), split))) };
}

/** The answer's own `meta` under what is merged: fields that we don't know stay. */
async function mergedMeta(run: Run, replies: ReplyMetas, request: Payload, answer: Payload): Promise<JsonObject> {
  const raw = takeMeta(request);
  const isEncoded = replies.hasEncoded || Buffer.isBuffer(raw);
  const decode = isEncoded ? (await loadCodec()).decodeMessage : undefined;
  const asked = readMeta(raw, decode);
  const { tags, requestPath, metrics } = mergeMeta(run.graph.root, {
    reply: (node, operation) => replies.get(node, operation, decode),
    routing: run.routing,
    request: asked,
  });
  const puid = asked.puid === "" ? run.puid : asked.puid;
  return { ...ownMeta(answer), puid, tags, routing: sorted(chosen(run)), requestPath, metrics };
}

function ownMeta(answer: Payload): JsonObject {
  if (answer.transport === "grpc") return {};
  const place = locateMember(answer.body, "meta");
  const meta = place === undefined ? undefined : (readMember(answer.body, place) as Json | undefined);
  return isJsonObject(meta) ? meta : {};
}

function restWithMeta(answer: RestPayload, meta: JsonObject): RestPayload {
  const place = locateMember(answer.body, "meta");
  if (place === undefined) return answer;
  return { ...answer, body: Buffer.concat(setMember(answer.body, place, Buffer.from(JSON.stringify(meta)))) };
}

async function grpcWithMeta(answer: GrpcPayload, meta: JsonObject): Promise<GrpcPayload> {
  const { encodeMessage } = await loadCodec();
  const split = splitMeta(answer.body);
  let encoded: Buffer;
  try {
    encoded = Buffer.from(encodeMessage({ meta }));
  } catch (error) {
    // What is merged comes from nodes: one that speaks REST can say what the message can't.
    throw new CallError("bad-reply", `the merged meta can't be encoded: ${asCallError(error).message}`);
  }
  return { ...answer, ...grpcPayload(Buffer.concat([encoded, ...split.rest])) };
}

/** Every node with children and the branch it took. */
function chosen(run: Run): ReadonlyMap<string, number> {
  const { byName } = run.graph;
  return new Map([...run.routing].filter(([node]) => (byName.get(node)?.children.length ?? 0) > 0));
}

function sorted(routing: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...routing].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function isPlain({ contentEncoding }: RestPayload): boolean {
  return contentEncoding === "" || contentEncoding === "identity";
}
