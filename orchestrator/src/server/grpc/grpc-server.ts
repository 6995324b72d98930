import type { Duplex } from "node:stream";
import { ServerConnection } from "../../http2/server-connection.ts";
import type { ServerContext } from "../server-context.ts";
import { Health } from "./health.ts";
import type { Services } from "./method.ts";
import type { CallLimits } from "./server-call.ts";
import { openCall } from "./open-call.ts";
import { servicesOf } from "./services.ts";

/** A gRPC server that is handed its connections. */
export interface GrpcServer {
  /** Takes over a connection that nothing has been read from yet. */
  readonly inject: (socket: Duplex) => void;
  /** Tells those who watch the health. */
  drain(): void;
  /** Sends GOAWAY to those who are connected; their calls in flight end, and others may connect. */
  turnAway(): void;
  /** Takes no new calls and waits for those in flight. True when all ended within the time. */
  close(timeoutMs: number): Promise<boolean>;
}

/** What unfinished messages of one connection may take, beside one of the largest. */
const HELD_BYTES = 64 << 20;
/** A client that has been silent for so long is asked whether it is there, and has so long to say so. */
const IDLE_MS = 60_000;
const ANSWER_MS = 20_000;
const LOOK_EVERY_MS = 10_000;

/** Serves the graph's protocol, grpc.health.v1 and reflection; messages stay bytes. */
export function createGrpcServer(context: ServerContext): GrpcServer {
  const health = new Health(context.isReady);
  const services = servicesOf(context, health);
  return new Connections(services, () => limitsOf(context), health);
}

/** What calls may take with the graph as it is now. */
function limitsOf({ current, maxBodyBytes }: ServerContext): CallLimits {
  const maxMessageBytes = current.served?.maxMessageBytes || maxBodyBytes;
  return { maxMessageBytes, maxHeldBytes: maxMessageBytes + HELD_BYTES };
}

class Connections implements GrpcServer {
  readonly #all = new Set<ServerConnection>();
  readonly #services: () => Services;
  readonly #limits: () => CallLimits;
  readonly #health: Health;
  readonly #watchdog: NodeJS.Timeout;
  #isClosing = false;
  #onEmpty: () => void = () => {};

  constructor(services: () => Services, limits: () => CallLimits, health: Health) {
    this.#services = services;
    this.#limits = limits;
    this.#health = health;
    this.#watchdog = setInterval(() => {
      const nowMs = performance.now();
      for (const one of this.#all) one.checkAlive(IDLE_MS, ANSWER_MS, nowMs);
    }, LOOK_EVERY_MS).unref();
  }

  readonly inject = (socket: Duplex): void => {
    const connection: ServerConnection = new ServerConnection(
      socket,
      (stream, headers) => openCall(this.#services(), { stream, connection, headers }, this.#limits()),
      () => {
        this.#all.delete(connection);
        if (this.#all.size === 0) this.#onEmpty();
      },
    );
    this.#all.add(connection);
    if (this.#isClosing) connection.drain();
    // It was accepted paused.
    socket.resume();
  };

  drain(): void {
    void this.#health.refresh();
  }

  turnAway(): void {
    for (const one of [...this.#all]) one.drain();
  }

  async close(timeoutMs: number): Promise<boolean> {
    this.#isClosing = true;
    this.#health.close();
    const empty = new Promise<boolean>((resolve) => {
      this.#onEmpty = () => {
        resolve(true);
      };
    });
    this.turnAway();
    if (this.#all.size === 0) this.#onEmpty();
    const isEmpty = await within(empty, timeoutMs);
    clearInterval(this.#watchdog);
    for (const one of [...this.#all]) one.destroy("the server stops");
    return isEmpty;
  }
}

async function within(done: Promise<boolean>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, timeoutMs);
  });
  const inTime = await Promise.race([done, late]);
  clearTimeout(timer);
  return inTime;
}
