// Many delta clients in one process, each with a connection of its own, as small as clients get: HTTP/2 frames by hand.
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { envoy } from "#proto/gen/discovery.js";
import { TYPE } from "../../src/render/xds/type-urls.ts";
import { answerQuestions, cpuMs } from "../operator/child.ts";

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse } = envoy.service.discovery.v3;
type Fields = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;

export type ClientQuestions = {
  /** Opens clients `first` and up; answers when each has its first table. */
  readonly open: {
    readonly about: { readonly url: string; readonly first: number; readonly count: number };
    readonly answer: number;
  };
  readonly cpuMs: { readonly about: undefined; readonly answer: number };
};

const PATH = "/envoy.service.extension.v3.ExtensionConfigDiscoveryService/DeltaExtensionConfigs";
const FRAME_HEAD_BYTES = 5;
const sessions: ClientHttp2Session[] = [];

function write(stream: ClientHttp2Stream, fields: Fields): void {
  const message = DeltaDiscoveryRequest.encode(fields).finish();
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, FRAME_HEAD_BYTES);
  stream.write(frame);
}

/** Calls back with every whole message of a gRPC stream. */
function onMessages(stream: ClientHttp2Stream, callback: (message: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    for (;;) {
      if (bytes < FRAME_HEAD_BYTES) return;
      if ((chunks[0]?.length ?? 0) < FRAME_HEAD_BYTES) chunks = [Buffer.concat(chunks)];
      const wanted = FRAME_HEAD_BYTES + (chunks[0]?.readUInt32BE(1) ?? 0);
      if (bytes < wanted) return;
      const all = chunks.length === 1 ? (chunks[0] ?? Buffer.alloc(0)) : Buffer.concat(chunks);
      callback(all.subarray(FRAME_HEAD_BYTES, wanted));
      chunks = all.length > wanted ? [all.subarray(wanted)] : [];
      bytes -= wanted;
    }
  });
}

function openClient(url: string, number: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connect(url);
    sessions.push(session);
    session.on("error", reject);
    const headers = { ":method": "POST", ":path": PATH, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request(headers);
    stream.on("error", reject);
    stream.on("end", () => {
      reject(new Error("the server ended the stream"));
    });
    onMessages(stream, (message) => {
      const { nonce } = DeltaDiscoveryResponse.decode(message);
      write(stream, { typeUrl: TYPE.filterConfig, responseNonce: nonce });
      resolve();
    });
    const node = { id: `client~${number}`, cluster: "bench" };
    write(stream, { node, typeUrl: TYPE.filterConfig, resourceNamesSubscribe: ["graphway.gateway"] });
  });
}

answerQuestions<ClientQuestions>(
  {
    open: async ({ url, first, count }) => {
      // In steps, so that the server's backlog is not what is measured.
      for (let at = 0; at < count; at += 50) {
        const step = Array.from({ length: Math.min(50, count - at) }, (_, index) =>
          openClient(url, first + at + index),
        );
        await Promise.all(step);
      }
      return count;
    },
    cpuMs: () => Promise.resolve(cpuMs()),
  },
  () => {
    for (const session of sessions) session.destroy();
    return Promise.resolve();
  },
);
