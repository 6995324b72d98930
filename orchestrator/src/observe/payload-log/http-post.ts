import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { lengthOf } from "../../execute/body-chunks.ts";
import type { Delivery } from "./sink.ts";

export interface Post {
  readonly path: string;
  /** Name, value, name, value, … */
  readonly headers: string[];
  readonly chunks: readonly Buffer[];
}

/** Posts once. Anything but 2xx is a rejection; redirects are not followed. */
export function postOnce(dispatcher: Dispatcher, where: string, post: Post, timeoutMs: number): Promise<Delivery> {
  return new Promise((resolve) => {
    const handler = new PostHandler(where, timeoutMs, resolve);
    try {
      dispatcher.dispatch({ method: "POST", path: post.path, ...messageOf(post) }, handler);
    } catch (error) {
      handler.end({ outcome: "failed", reason: `${where} can't be posted to: ${textOf(error)}` });
    }
  });
}

/** A body in pieces is written as it is, with its length, rather than joined first. */
function messageOf({ headers, chunks }: Post): { headers: string[]; body: Buffer | Readable | null } {
  const [first] = chunks;
  if (chunks.length <= 1) return { headers, body: first ?? null };
  return {
    headers: [...headers, "Content-Length", String(lengthOf(chunks))],
    body: Readable.from(chunks, { objectMode: false }),
  };
}

class PostHandler implements Dispatcher.DispatchHandler {
  readonly #where: string;
  readonly #settle: (delivery: Delivery) => void;
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #isEnded = false;
  #status = 0;

  constructor(where: string, timeoutMs: number, settle: (delivery: Delivery) => void) {
    this.#where = where;
    this.#settle = settle;
    this.#timer = setTimeout(() => {
      this.end({ outcome: "failed", reason: `${where} did not answer within ${timeoutMs} ms` });
      this.#controller?.abort(new Error("too late"));
    }, timeoutMs);
  }

  end(delivery: Delivery): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#settle(delivery);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while it waited for a connection.
    if (this.#isEnded) controller.abort(new Error("too late"));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    this.#status = statusCode;
  }

  onResponseData(): void {
    // What a collector says beside its status is of no use.
  }

  onResponseEnd(): void {
    const status = this.#status;
    const isSent = status >= 200 && status < 300;
    this.end(isSent ? { outcome: "sent" } : { outcome: "rejected", reason: `${this.#where} answered ${status}` });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.end({ outcome: "failed", reason: `${this.#where} can't be reached: ${textOf(error)}` });
  }
}

function textOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const said = typeof message === "string" ? message : "";
  return typeof code === "string" && !said.includes(code) ? `${code} ${said}`.trimEnd() : said;
}
