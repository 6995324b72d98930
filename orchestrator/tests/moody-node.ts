import { once } from "node:events";
import { createServer } from "node:http";
import {
  constants,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { messagePrefix } from "../src/grpc/message-reader.ts";
import { readContents, type Content } from "./known-content.ts";
import { messageOf, routeMessage, type Protocol, type Transport } from "./known-messages.ts";
import { seededRandom } from "./seeded-random.ts";

/**
 * How a node takes a call: gives back what came at once, late, or after it has read slowly; answers or fails before it
 * has read anything; resets the call in the middle.
 */
export type Mood = "echo" | "late" | "slow" | "early" | "fail" | "reset";

export interface MoodyNode {
  readonly httpPort: number;
  readonly grpcPort: number;
  stop(): Promise<void>;
}

/** What a node answers that has not read what it was given. */
export const EARLY: Content = { seed: 0, size: 9 };
/** The header that tells nodes what a request carries. */
export const SEED_HEADER = "x-seed";

const PREFIX_BYTES = 5;

/** How one call is answered, whatever its transport. */
interface Call {
  readonly transport: Transport;
  readonly path: string;
  readonly seed: number;
  readonly body: Readable;
  answer(message: Buffer): void;
  /** `status` is of HTTP. */
  fail(status: number): void;
  reset(): void;
}

/**
 * A node of moods, over REST and gRPC. It checks every byte that it is given, cut off or not, and tells of faults. Its moods come in
 * the same order every time.
 */
export async function startMoodyNode(
  moods: readonly Mood[],
  routes: readonly number[],
  onFault: (fault: string) => void,
): Promise<MoodyNode> {
  let calls = 0;
  const take = (call: Call): void => {
    const random = seededRandom((calls += 1));
    void serve(call, pick(moods, random), pick(routes, random), random, onFault);
  };
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http = createServer((request, response) => {
    const { socket } = request;
    take({
      transport: "rest",
      path: request.url ?? "",
      seed: Number(request.headers[SEED_HEADER]),
      body: request,
      answer: (message) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": message.length });
        response.end(message);
      },
      fail: (status) => response.writeHead(status).end(),
      reset: () => socket.resetAndDestroy(),
    });
  });
  http.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const grpc = createHttp2Server();
  grpc.on("session", (session) => {
    sessions.add(session);
    session.on("error", ignore).on("close", () => sessions.delete(session));
  });
  grpc.on("stream", (stream, headers) => {
    take(grpcCall(stream, headers));
  });
  http.listen(0, "127.0.0.1");
  grpc.listen(0, "127.0.0.1");
  await Promise.all([once(http, "listening"), once(grpc, "listening")]);
  return {
    httpPort: (http.address() as AddressInfo).port,
    grpcPort: (grpc.address() as AddressInfo).port,
    stop: async () => {
      for (const one of [...sockets, ...sessions]) one.destroy();
      await Promise.all([http, grpc].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function grpcCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Call {
  stream.on("error", ignore);
  const head = { ":status": 200, "content-type": "application/grpc" };
  return {
    transport: "grpc",
    path: headers[":path"] ?? "",
    seed: Number(headers[SEED_HEADER]),
    body: stream,
    answer: (message) => {
      if (stream.destroyed || stream.closed) return;
      stream.on("wantTrailers", () => {
        stream.sendTrailers({ "grpc-status": "0" });
      });
      stream.respond(head, { waitForTrailers: true });
      stream.end(Buffer.concat([messagePrefix(message.length), message]));
    },
    fail: () => {
      if (!stream.destroyed && !stream.closed) stream.respond({ ...head, "grpc-status": "13" }, { endStream: true });
    },
    reset: () => {
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    },
  };
}

async function serve(
  call: Call,
  mood: Mood,
  route: number | undefined,
  random: () => number,
  onFault: (fault: string) => void,
) {
  const { transport, path, body } = call;
  if (path.endsWith("/route") && path.startsWith("/v2")) {
    call.fail(404);
    return;
  }
  const protocol: Protocol = /v2|inference/.test(path) ? "v2" : "seldon";
  const reply = (content: Content): Buffer =>
    route === undefined ? messageOf(protocol, transport, content, true) : routeMessage(transport, route);
  const isHasty = mood === "early" || mood === "fail";
  if (mood === "early") call.answer(reply(EARLY));
  if (mood === "fail") call.fail(500);
  const chunks: Buffer[] = [];
  let isWhole = false;
  try {
    if (isHasty) await wait(random() * 30);
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      if (mood === "reset" && random() < 0.3) break;
      if (mood === "slow" && random() < 0.1) await wait(random() * 10);
    }
    isWhole = mood !== "reset" && !isHasty;
  } catch {
    // The orchestrator has given it up.
  }
  if (mood === "reset") call.reset();
  const message = Buffer.concat(chunks).subarray(transport === "grpc" ? PREFIX_BYTES : 0);
  try {
    const contents = readContents(message, !isWhole);
    const own = contents.find((one) => one.seed === call.seed);
    const isOther = contents.some(({ seed }) => seed !== call.seed && seed !== EARLY.seed);
    if (isOther || (isWhole && contents.length === 0)) throw new Error(`not what ${call.seed} carries`);
    if (!isWhole) return;
    if (mood === "late") await wait(random() * 60);
    call.answer(reply(own ?? EARLY));
  } catch (error) {
    onFault(`${transport} ${path} ${mood} ${isWhole ? "whole" : "part"}: ${String(error)}`);
    if (isWhole) call.fail(500);
  }
}

function pick<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)] as T;
}

function ignore(): void {}
