import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gunzipSync } from "node:zlib";
import { listen, type Listening } from "./listening.ts";

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters?: { readonly binary_data_size?: number };
  readonly data?: unknown;
}

/** A V2 node that answers every tensor with itself, binary ones in binary, as Triton writes them. */
export function startBinaryNode(): Promise<Listening> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      answer(request, response, Buffer.concat(chunks));
    });
  });
  return listen(server);
}

function answer(request: IncomingMessage, response: ServerResponse, sent: Buffer): void {
  const [, name = "", verb] = /^\/v2\/models\/([^/]+)(?:\/(\w+))?$/.exec(request.url ?? "") ?? [];
  if (verb !== "infer") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ name, versions: ["1"], platform: "interop", inputs: [], outputs: [] }));
    return;
  }
  const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
  const jsonLength = Number(request.headers["inference-header-content-length"] ?? body.length);
  const message = JSON.parse(body.subarray(0, jsonLength).toString()) as { id?: string; inputs: readonly Tensor[] };
  const outputs = message.inputs.map(({ name, datatype, shape, parameters, data }) => ({
    ...{ name, datatype, shape },
    ...(parameters?.binary_data_size === undefined
      ? { data }
      : { parameters: { binary_data_size: parameters.binary_data_size } }),
  }));
  const json = Buffer.from(JSON.stringify({ id: message.id, model_name: name, model_version: "1", outputs }));
  const binary = body.subarray(jsonLength);
  response.setHeader("content-type", binary.length > 0 ? "application/octet-stream" : "application/json");
  if (binary.length > 0) response.setHeader("inference-header-content-length", json.length);
  response.end(Buffer.concat([json, binary]));
}
