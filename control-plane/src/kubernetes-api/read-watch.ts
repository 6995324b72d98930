import { statusError } from "./answers.ts";
import { ApiUnreachable, type WatchEvent } from "./api-client.ts";
import type { KubernetesObject } from "./object.ts";
import { splitLines } from "./watch-lines.ts";

const EVENT_TYPES: Readonly<Record<string, WatchEvent["type"]>> = {
  ADDED: "added",
  MODIFIED: "modified",
  DELETED: "deleted",
  BOOKMARK: "bookmark",
};

/**
 * The events of a watch's body. Ends where the body ends.
 * @throws ApiError for an ERROR event, ApiUnreachable for what no API server sends
 */
export async function* readWatch(
  body: AsyncIterable<Uint8Array>,
  longestEventBytes: number,
): AsyncGenerator<WatchEvent> {
  for await (const line of splitLines(body, longestEventBytes)) yield readEvent(line);
}

function readEvent(line: string): WatchEvent {
  const { type, object } = parseLine(line);
  if (type === "ERROR") throw statusError(object ?? {}, 500);
  const known = typeof type === "string" ? EVENT_TYPES[type] : undefined;
  if (known === undefined || !isObject(object)) throw new ApiUnreachable("the watch sent what is no event");
  return { type: known, object };
}

function parseLine(line: string): { readonly type?: unknown; readonly object?: object | null } {
  try {
    const event = JSON.parse(line) as { readonly type?: unknown; readonly object?: object } | null;
    return event ?? {};
  } catch (error) {
    throw new ApiUnreachable("the watch sent a line that is not JSON", { cause: error });
  }
}

function isObject(object: object | null | undefined): object is KubernetesObject {
  return object != null && "metadata" in object && typeof object.metadata === "object" && object.metadata !== null;
}
