import { CallError } from "../../execute/call-error.ts";
import { BYTES, eachField } from "../../protocol/wire/fields.ts";
import type { Service } from "./method.ts";
import type { StreamCall } from "./stream-call.ts";

// grpc.health.v1.Health: two messages of one field each, written by hand.
const SERVING = Buffer.from([0x08, 1]);
const NOT_SERVING = Buffer.from([0x08, 2]);
const SERVICE_UNKNOWN = Buffer.from([0x08, 3]);
/** How often watched health is looked at: while it is not SERVING its watchers are waiting for just that. */
const SERVING_INTERVAL_MS = 1000;
const WAITING_INTERVAL_MS = 50;

interface Watch {
  readonly call: StreamCall;
  readonly end: () => void;
  last: Buffer | undefined;
}

/** Health as readiness tells it. */
export class Health {
  readonly #isReady: () => Promise<boolean>;
  readonly #watches = new Set<Watch>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(isReady: () => Promise<boolean>) {
    this.#isReady = isReady;
  }

  /** The service; `isKnown` tells which other services there are. */
  service(isKnown: (name: string) => boolean): Service {
    return {
      Check: {
        kind: "unary",
        answer: async (_call, message) => {
          const name = serviceOf(message);
          if (!isKnown(name)) throw new CallError("unknown-model", `unknown service ${name}`);
          return this.#status();
        },
      },
      Watch: {
        kind: "stream",
        run: async (call) => {
          const isOfUs = isKnown(serviceOf((await call.read()) ?? Buffer.alloc(0)));
          // The protocol keeps the stream of an unknown service open: it may come.
          if (!isOfUs) await call.write(SERVICE_UNKNOWN);
          await this.#watch(call, isOfUs);
        },
      },
    };
  }

  /** Tells every watcher what holds now. */
  async refresh(): Promise<void> {
    if (this.#watches.size === 0) return;
    clearTimeout(this.#timer);
    const status = await this.#status();
    for (const watch of this.#watches) {
      if (watch.last === status || watch.last === SERVICE_UNKNOWN) continue;
      watch.last = status;
      void watch.call.write(status);
    }
    this.#lookAgain(status === SERVING ? SERVING_INTERVAL_MS : WAITING_INTERVAL_MS);
  }

  /** Ends every watch. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const watch of [...this.#watches]) watch.end();
  }

  #lookAgain(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#watches.size > 0) this.#timer = setTimeout(() => void this.refresh(), afterMs).unref();
  }

  /** Resolves when the client has gone, or health is told no more. */
  async #watch(call: StreamCall, isKnown: boolean): Promise<void> {
    if (this.#isClosed || call.isOver) return;
    await new Promise<void>((resolve) => {
      const watch = { call, end: resolve, last: isKnown ? undefined : SERVICE_UNKNOWN };
      call.scope.onCancel(() => {
        this.#watches.delete(watch);
        resolve();
      });
      this.#watches.add(watch);
      void this.refresh();
    });
  }

  async #status(): Promise<Buffer> {
    return (await this.#isReady()) ? SERVING : NOT_SERVING;
  }
}

/** Field 1 of a HealthCheckRequest. */
function serviceOf(request: Buffer): string {
  let name = "";
  try {
    eachField(request, (field) => {
      if (field.number === 1 && field.wire === BYTES) name = request.toString("utf8", field.value, field.end);
    });
  } catch {
    throw new CallError("bad-request", "not an encoded HealthCheckRequest");
  }
  return name;
}
