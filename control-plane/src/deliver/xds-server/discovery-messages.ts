import protobuf from "protobufjs/minimal.js";
import { envoy, type google } from "#proto/gen/discovery.js";
import type { Json, JsonObject } from "../../render/xds/resource.ts";
import type { DeltaRequest } from "./delta-subscription.ts";
import type { XdsNode } from "./node-view.ts";
import type { SotwRequest } from "./sotw-subscription.ts";
import type { SentResource, SubscriptionResponse } from "./subscription.ts";

/** A request as it came: what it says of its type, and whom it came from where it says so. */
export interface DiscoveryMessage<Request> {
  /** Empty where the service stands for one type. */
  readonly typeUrl: string;
  readonly node: XdsNode | undefined;
  readonly request: Request;
}

/** What turns the messages of one variant into ours and back. Decoding throws on bytes that are no message. */
export interface MessageCodec<Request> {
  decode(bytes: Uint8Array): DiscoveryMessage<Request>;
  /** The bodies of the resources are copied, never encoded again. */
  encode(typeUrl: string, response: SubscriptionResponse): Uint8Array;
}

const { DeltaDiscoveryRequest, DiscoveryRequest } = envoy.service.discovery.v3;
const LENGTH_DELIMITED = 2;

/** The incremental variant; `identifier` is shown in Envoy's `control_plane.identifier`. */
export function deltaCodec(identifier: string): MessageCodec<DeltaRequest> {
  return {
    decode(bytes) {
      const message = DeltaDiscoveryRequest.decode(bytes);
      return {
        typeUrl: message.typeUrl,
        node: readNode(message.node),
        request: {
          subscribe: refuseLongNames(message.resourceNamesSubscribe),
          unsubscribe: message.resourceNamesUnsubscribe,
          initialVersions: new Map(Object.entries(message.initialResourceVersions)),
          responseNonce: message.responseNonce,
          errorMessage: readError(message.errorDetail),
        },
      };
    },
    encode(typeUrl, { nonce, versionInfo, resources, removed }) {
      const writer = protobuf.Writer.create();
      text(writer, 1, versionInfo);
      for (const resource of resources) writeResource(writer, resource);
      text(writer, 4, typeUrl);
      text(writer, 5, nonce);
      for (const name of removed) text(writer, 6, name);
      writeControlPlane(writer, 7, identifier);
      return writer.finish();
    },
  };
}

/** The state-of-the-world variant. */
export function sotwCodec(identifier: string): MessageCodec<SotwRequest> {
  return {
    decode(bytes) {
      const message = DiscoveryRequest.decode(bytes);
      return {
        typeUrl: message.typeUrl,
        node: readNode(message.node),
        request: {
          names: refuseLongNames(message.resourceNames),
          responseNonce: message.responseNonce,
          errorMessage: readError(message.errorDetail),
        },
      };
    },
    encode(typeUrl, { nonce, versionInfo, resources }) {
      const writer = protobuf.Writer.create();
      text(writer, 1, versionInfo);
      for (const { resource } of resources) writeAny(writer, resource);
      text(writer, 4, typeUrl);
      text(writer, 5, nonce);
      writeControlPlane(writer, 6, identifier);
      return writer.finish();
    },
  };
}

/** Far above any name of ours; keeps what one stream can ask for small. */
const MAX_NAME_LENGTH = 2048;

function refuseLongNames(names: readonly string[]): readonly string[] {
  if (names.some((name) => name.length > MAX_NAME_LENGTH)) throw new Error("a resource name is too long");
  return names;
}

function writeResource(writer: protobuf.Writer, { name, resource }: SentResource): void {
  writer.uint32((2 << 3) | LENGTH_DELIMITED).fork();
  text(writer, 1, resource.version);
  writeAny(writer, resource);
  text(writer, 3, name);
  writer.ldelim();
}

/** Both messages have their Any in field 2. */
function writeAny(writer: protobuf.Writer, { typeUrl, bytes }: SentResource["resource"]): void {
  writer.uint32((2 << 3) | LENGTH_DELIMITED).fork();
  text(writer, 1, typeUrl);
  writer.uint32((2 << 3) | LENGTH_DELIMITED).bytes(bytes);
  writer.ldelim();
}

function writeControlPlane(writer: protobuf.Writer, id: number, identifier: string): void {
  writer.uint32((id << 3) | LENGTH_DELIMITED).fork();
  text(writer, 1, identifier);
  writer.ldelim();
}

function text(writer: protobuf.Writer, id: number, value: string): void {
  writer.uint32((id << 3) | LENGTH_DELIMITED).string(value);
}

type NodeMessage = envoy.config.core.v3.Node.$Properties;

function readNode(node: NodeMessage | null | undefined): XdsNode | undefined {
  if (node === null || node === undefined) return undefined;
  const known = { id: node.id ?? "", cluster: node.cluster ?? "", metadata: readStruct(node.metadata) };
  const version = node.userAgentName === "envoy" ? node.userAgentBuildVersion?.version : undefined;
  if (version === null || version === undefined) return known;
  const { majorNumber = 0, minorNumber = 0, patch = 0 } = version;
  return { ...known, envoyVersion: `${majorNumber}.${minorNumber}.${patch}` };
}

/** Undefined means that the client accepts. */
function readError(status: google.rpc.Status.$Properties | null | undefined): string | undefined {
  if (status === null || status === undefined) return undefined;
  return !status.message ? `code ${status.code ?? 0}` : status.message;
}

function readStruct(struct: google.protobuf.Struct.$Properties | null | undefined): JsonObject {
  return Object.fromEntries(Object.entries(struct?.fields ?? {}).map(([key, value]) => [key, readValue(value)]));
}

function readValue(value: google.protobuf.Value.$Properties): Json {
  if (value.structValue) return readStruct(value.structValue);
  if (value.listValue) return (value.listValue.values ?? []).map(readValue);
  return value.stringValue ?? value.boolValue ?? value.numberValue ?? null;
}
