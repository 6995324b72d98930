import type { ServerResponse } from "node:http";
import { parseLabelSelector } from "../label-selector.ts";
import type { KubernetesObject } from "../object.ts";
import type { ResourceType } from "../resource-types.ts";
import type { FakeRequest } from "./fake-faults.ts";
import { Refusal, statusObject } from "./fake-status.ts";
import { typeKey, type FakeStore, type HistoryEntry } from "./fake-store.ts";

interface OpenWatch {
  readonly response: ServerResponse;
  readonly type: ResourceType;
  frozen: boolean;
}

/** The watches that are open at the fake server. */
export class FakeWatches {
  readonly #store: FakeStore;
  readonly #open = new Set<OpenWatch>();

  constructor(store: FakeStore) {
    this.#store = store;
  }

  /** How many stand, those that nobody listens to any more excepted. */
  get size(): number {
    return this.#open.size;
  }

  open(response: ServerResponse, type: ResourceType, request: FakeRequest, frozen: boolean): void {
    const from = Number(request.query.get("resourceVersion"));
    response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
    const refusal = this.#refuse(from);
    if (refusal !== undefined) {
      response.end(eventLine("ERROR", statusObject(refusal)));
      return;
    }
    const watch: OpenWatch = { response, type, frozen };
    const selects = selectionOf(request);
    const send = (entry: HistoryEntry): void => {
      const isWatched = entry.version > from && typeKey(entry.resource) === typeKey(type);
      if (isWatched && !watch.frozen && !response.writableEnded) sendEntry(response, entry, selects);
    };
    this.#store.history.forEach(send);
    const stop = this.#store.onEntry(send);
    const seconds = Number(request.query.get("timeoutSeconds") ?? "300");
    const timer = setTimeout(() => response.end(), seconds * 1000).unref();
    this.#open.add(watch);
    response.once("close", () => {
      stop();
      clearTimeout(timer);
      this.#open.delete(watch);
    });
  }

  /** Tells all watches how far the server is. */
  bookmark(): void {
    for (const { response, type, frozen } of this.#open) {
      const metadata = { resourceVersion: String(this.#store.version) };
      if (!frozen && !response.writableEnded)
        response.write(eventLine("BOOKMARK", { kind: type.kind, apiVersion: type.apiVersion, metadata }));
    }
  }

  /** Breaks the connections of all watches. */
  cut(): void {
    for (const { response } of this.#open) response.destroy();
  }

  /** Ends all watches as their time were up. */
  end(): void {
    for (const { response } of this.#open) response.end();
  }

  /** All watches that stand now fall silent, as if the machine between had lost its memory. */
  freeze(): void {
    for (const watch of this.#open) watch.frozen = true;
  }

  /** Sends a line to all watches as it is. */
  sendRaw(line: string): void {
    for (const { response } of this.#open) if (!response.writableEnded) response.write(line);
  }

  #refuse(from: number): Refusal | undefined {
    const { compacted } = this.#store;
    if (from >= compacted) return undefined;
    return new Refusal(410, "Expired", `too old resource version: ${from} (${compacted})`);
  }
}

export function eventLine(type: string, object: object): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** What a list or watch was asked for: namespace, labels, and fields by their paths. */
export function selectionOf(request: FakeRequest): (object: KubernetesObject) => boolean {
  const hasLabels = parseLabelSelector(request.query.get("labelSelector") ?? "");
  const terms = (request.query.get("fieldSelector") ?? "").split(",").filter((term) => term !== "");
  const fields = terms.map((term) => [term.slice(0, term.indexOf("=")), term.slice(term.indexOf("=") + 1)] as const);
  return (object) =>
    (request.namespace === "" || object.metadata.namespace === request.namespace) &&
    fields.every(([path, value]) => fieldOf(object, path) === value) &&
    hasLabels(object.metadata.labels);
}

function fieldOf(object: KubernetesObject, path: string): unknown {
  return path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], object);
}

/** An object that stops being selected is deleted, for those who watch the selection. */
function sendEntry(
  response: ServerResponse,
  entry: HistoryEntry,
  selects: (object: KubernetesObject) => boolean,
): void {
  const was = entry.before !== undefined && selects(entry.before);
  const is = entry.type !== "DELETED" && selects(entry.object);
  if (is) response.write(eventLine(was ? "MODIFIED" : "ADDED", entry.object));
  else if (was) response.write(eventLine("DELETED", entry.object));
}
