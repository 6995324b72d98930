import { CallError } from "../../execute/call-error.ts";
import { graphMetadata, nodeMetadata } from "../../walk/metadata.ts";
import type { ServerContext } from "../server-context.ts";
import { graphMethod, nodeMethod } from "./graph-call.ts";
import type { Service } from "./method.ts";

export const SELDON_SERVICE = "seldon.protos.Seldon";

/** The only service of Seldon that an orchestrator serves. */
export function seldonService(context: ServerContext): Service {
  return {
    Predict: graphMethod(context, "predict"),
    SendFeedback: graphMethod(context, "feedback"),
    GraphMetadata: nodeMethod(context, async (served, _message, client, call) => {
      const { encodeGraphMetadata } = await import("../../codec/metadata-codec.ts");
      return asBuffer(
        encodeGraphMetadata(await graphMetadata(served, "grpc", client.headers, client.puid, call.scope)),
      );
    }),
    ModelMetadata: nodeMethod(context, async (served, message, client, call) => {
      const { decodeMetadataName, encodeModelMetadata } = await import("../../codec/metadata-codec.ts");
      const name = decodeMetadataName(message);
      const node = served.graph.byName.get(name);
      if (node === undefined) throw new CallError("unknown-model", `Failed to find model ${name}`);
      return asBuffer(
        encodeModelMetadata(await nodeMetadata(served, node, "grpc", client.headers, client.puid, call.scope)),
      );
    }),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
