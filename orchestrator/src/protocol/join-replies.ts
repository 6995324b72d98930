import { joinJson } from "../codec/message-list.ts";
import type { RestPayload } from "../execute/payload.ts";
import { inflated } from "./inflate.ts";
import type { ChildReply } from "./protocol.ts";

/** The replies as one JSON array, as Seldon sends it to `aggregate`; inflated where they are not plain. */
export async function joinReplies(replies: readonly ChildReply<RestPayload>[], maxBytes: number): Promise<RestPayload> {
  return joinJson(await Promise.all(replies.map(async (one) => inflated(one.payload, maxBytes))));
}
