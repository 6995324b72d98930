import type * as SeldonCodec from "./seldon-codec.ts";

type Codec = typeof SeldonCodec;

let loading: Promise<Codec> | undefined;

/** The generated codec of Seldon's messages, loaded when it is first needed: most graphs never read a message. */
export function loadCodec(): Promise<Codec> {
  return (loading ??= import("./seldon-codec.ts"));
}
