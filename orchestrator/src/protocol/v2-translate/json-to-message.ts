import { inference } from "#proto/gen/inference.js";
import type { GrpcPayload, RestPayload } from "../../execute/payload.ts";
import { elementsOf, JsonTextError, keyOf, kindAt, membersOf } from "../json-text/scan.ts";
import { rawContentsOf } from "../tensors/raw-contents.ts";
import { splitBinary } from "../v2-json.ts";
import { contentsOfJson, type Contents } from "./json-contents.ts";

type Parameters = Record<string, inference.InferParameter.$Properties>;

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: string[];
  readonly parameters: Parameters;
  readonly contents: Contents | undefined;
  /** How many bytes of the binary part are the tensor's. */
  readonly binaryBytes: number | undefined;
}

/**
 * A V2 body as the message of gRPC: a request as ModelInferRequest, a reply as ModelInferResponse. JSON data become
 * typed contents, 64-bit integers exact; binary tensors raw ones, and with `isRaw` all. Throws JsonTextError on what is no
 * V2 body.
 */
export function messageOfJson(payload: RestPayload, isRaw = false): GrpcPayload {
  const { json, tail } = splitBinary(payload);
  const body = new JsonObject(json);
  const isReply = payload.isReply === true;
  const tensors = body.list(isReply ? "outputs" : "inputs").map(readTensor);
  const common = { modelName: body.text("model_name"), modelVersion: body.text("model_version"), id: body.text("id") };
  const parameters = readParameters(body);
  const raws = rawsOf(tensors, tail, isRaw);
  const written = tensors.map(({ name, datatype, shape, parameters: own, contents }) => {
    const head = { name, datatype, shape: shape as never[], parameters: own };
    return raws !== undefined || contents === undefined ? head : { ...head, contents };
  });
  const message = isReply
    ? inference.ModelInferResponse.encode({
        ...common,
        parameters,
        outputs: written,
        ...(raws === undefined ? {} : { rawOutputContents: raws }),
      })
    : inference.ModelInferRequest.encode({
        ...common,
        parameters,
        inputs: written,
        outputs: body.list("outputs").map((one) => ({ name: one.text("name"), parameters: readParameters(one) })),
        ...(raws === undefined ? {} : { rawInputContents: raws }),
      });
  const bytes = message.finish();
  return { transport: "grpc", body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), isReply };
}

/** Where one tensor is binary, all contents are raw: a message has either. */
function rawsOf(tensors: readonly Tensor[], tail: Buffer = Buffer.alloc(0), isRaw = false): Buffer[] | undefined {
  if (!isRaw && tensors.every((one) => one.binaryBytes === undefined)) return undefined;
  let from = 0;
  return tensors.map(({ name, datatype, contents, binaryBytes }) => {
    if (binaryBytes === undefined) return rawContentsOf(datatype, contents ?? {});
    const to = from + binaryBytes;
    if (to > tail.length) throw new JsonTextError(`the binary data end within tensor ${name}`);
    const raw = tail.subarray(from, to);
    from = to;
    return raw;
  });
}

function readTensor(tensor: JsonObject): Tensor {
  const datatype = tensor.text("datatype");
  const { binary_data_size: size, ...parameters } = readParameters(tensor);
  const data = tensor.span("data");
  return {
    name: tensor.text("name"),
    datatype,
    shape: tensor.integers("shape"),
    parameters,
    contents: data === undefined ? undefined : contentsOfJson(datatype, data),
    binaryBytes: size === undefined ? undefined : Number(size.int64Param ?? NaN),
  };
}

/** What only says how tensors are written in HTTP has no meaning in gRPC. */
const OF_HTTP: ReadonlySet<string> = new Set(["binary_data", "binary_data_output"]);

function readParameters(owner: JsonObject): Parameters {
  const parameters: Parameters = {};
  for (const [name, text] of owner.object("parameters")) {
    if (!OF_HTTP.has(name)) parameters[name] = readParameter(name, text);
  }
  return parameters;
}

function readParameter(name: string, text: string): inference.InferParameter.$Properties {
  if (text === "true" || text === "false") return { boolParam: text === "true" };
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    if (value === BigInt.asIntN(64, value)) return { int64Param: text as never };
    if (value === BigInt.asUintN(64, value)) return { uint64Param: text as never };
  }
  const value = parsed(text);
  if (typeof value === "string") return { stringParam: value };
  if (typeof value === "number") return { doubleParam: value };
  throw new JsonTextError(`parameter ${name} is neither text, number nor boolean`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonTextError(`${text.slice(0, 40)} is not JSON`);
  }
}

/** An object whose members are read one by one, so that numbers keep their digits. */
class JsonObject {
  readonly #text: Buffer;
  readonly #members: ReadonlyMap<string, string | Buffer>;

  constructor(text: Buffer) {
    this.#text = text;
    this.#members = new Map(
      membersOf(text).map((one) => [keyOf(text, one), this.#text.subarray(one.valueStart, one.valueEnd)]),
    );
  }

  /** A member's own bytes; undefined where it is absent or null. */
  span(name: string): Buffer | undefined {
    const found = this.#members.get(name);
    return found === undefined || found.toString("latin1", 0, 5) === "null" ? undefined : (found as Buffer);
  }

  text(name: string): string {
    const span = this.span(name);
    const value = span === undefined ? "" : parsed(span.toString("utf8"));
    if (typeof value !== "string") throw new JsonTextError(`${name} is no text`);
    return value;
  }

  integers(name: string): string[] {
    const text = this.span(name)?.toString("utf8") ?? "[]";
    if (!/^\[[\s\d,-]*\]$/.test(text)) throw new JsonTextError(`${name} is no list of whole numbers`);
    return text.match(/-?\d+/g) ?? [];
  }

  list(name: string): JsonObject[] {
    const span = this.span(name);
    if (span === undefined) return [];
    if (kindAt(span, 0) !== "array") throw new JsonTextError(`${name} is no list`);
    return elementsOf(span, 0).map(({ start, end }) => new JsonObject(span.subarray(start, end)));
  }

  /** The members of an object, as their text. */
  object(name: string): (readonly [string, string])[] {
    const span = this.span(name);
    if (span === undefined) return [];
    return membersOf(span).map((one) => [keyOf(span, one), span.toString("utf8", one.valueStart, one.valueEnd)]);
  }
}
