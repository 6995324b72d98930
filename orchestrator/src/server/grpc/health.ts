import {
  status,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { bytesMethod } from "./identity-codec.ts";

/** grpc.health.v1.Health: two messages of one field each, written by hand. */
export const HEALTH_SERVICE = {
  Check: bytesMethod("/grpc.health.v1.Health/Check"),
  Watch: bytesMethod("/grpc.health.v1.Health/Watch", true),
} as const;

const SERVING = Buffer.from([0x08, 1]);
const NOT_SERVING = Buffer.from([0x08, 2]);
const SERVICE_UNKNOWN = Buffer.from([0x08, 3]);
const KNOWN_SERVICES: ReadonlySet<string> = new Set(["", "seldon.protos.Seldon", "grpc.health.v1.Health"]);
/** How often watched health is looked at: while it is not SERVING its watchers are waiting for just that. */
const SERVING_INTERVAL_MS = 1000;
const WAITING_INTERVAL_MS = 50;

type WatchCall = ServerWritableStream<Buffer, Buffer>;

/** Health as readiness tells it. */
export class Health {
  readonly #isReady: () => Promise<boolean>;
  readonly #watches = new Set<{ readonly call: WatchCall; last: Buffer | undefined }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(isReady: () => Promise<boolean>) {
    this.#isReady = isReady;
  }

  implementation(): UntypedServiceImplementation {
    return {
      Check: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
        if (!KNOWN_SERVICES.has(serviceOf(call.request))) {
          callback({ code: status.NOT_FOUND, details: `unknown service ${serviceOf(call.request)}` });
          return;
        }
        void this.#status().then((status) => {
          callback(null, status);
        });
      },
      Watch: (call: WatchCall) => {
        this.#watch(call);
      },
    };
  }

  /** Tells every watcher what holds now. */
  async refresh(): Promise<void> {
    if (this.#watches.size === 0) return;
    clearTimeout(this.#timer);
    const status = await this.#status();
    for (const watch of this.#watches) {
      if (watch.last === status) continue;
      watch.last = status;
      watch.call.write(status);
    }
    this.#lookAgain(status === SERVING ? SERVING_INTERVAL_MS : WAITING_INTERVAL_MS);
  }

  #lookAgain(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#watches.size > 0) this.#timer = setTimeout(() => void this.refresh(), afterMs).unref();
  }

  /** Ends every watch. */
  close(): void {
    clearTimeout(this.#timer);
    for (const { call } of this.#watches) call.end();
    this.#watches.clear();
  }

  #watch(call: WatchCall): void {
    if (!KNOWN_SERVICES.has(serviceOf(call.request))) {
      // The protocol keeps such a stream open: the service may come.
      call.write(SERVICE_UNKNOWN);
      return;
    }
    const watch = { call, last: undefined };
    this.#watches.add(watch);
    call.on("cancelled", () => {
      this.#watches.delete(watch);
    });
    void this.refresh();
  }

  async #status(): Promise<Buffer> {
    return (await this.#isReady()) ? SERVING : NOT_SERVING;
  }
}

/** Field 1 of a HealthCheckRequest. */
function serviceOf(request: Buffer): string {
  if (request.length < 2 || request[0] !== 0x0a) return "";
  return request.subarray(2, 2 + (request[1] ?? 0)).toString("utf8");
}
