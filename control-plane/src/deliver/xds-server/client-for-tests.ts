import { Client, credentials, type ClientDuplexStream, type StatusObject } from "@grpc/grpc-js";
import { envoy } from "#proto/gen/discovery.js";
import { eventually } from "./envoy-for-tests.ts";
import type { XdsMethod } from "./services.ts";

const { DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse } =
  envoy.service.discovery.v3;

type DeltaFields = envoy.service.discovery.v3.DeltaDiscoveryRequest.$Properties;
type SotwFields = envoy.service.discovery.v3.DiscoveryRequest.$Properties;

/** What a test looks at in a response of either variant. */
export interface TestResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Bodies in order; the delta variant has names beside them. */
  readonly bodies: readonly string[];
  /** The same, not as text. */
  readonly bytes: readonly Uint8Array[];
  readonly names: readonly string[];
  readonly removed: readonly string[];
  readonly identifier: string;
}

/** One stream of a client of the server, spoken by a codec of its own. */
export interface TestStream {
  readonly responses: TestResponse[];
  send(fields: DeltaFields & SotwFields): void;
  sendBytes(bytes: Buffer): void;
  /** Waits until there are this many responses; gives the last. */
  received(count: number): Promise<TestResponse>;
  ack(response: TestResponse, message?: string): void;
  /** How the stream ended, once it has. */
  readonly ended: Promise<StatusObject>;
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  close(): void;
}

/** Opens a stream of the method. */
export function openStream(address: string, method: XdsMethod): TestStream {
  const client = new Client(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  const pass = (bytes: Buffer): Buffer => bytes;
  const call = client.makeBidiStreamRequest(`/${method.service}/${method.method}`, pass, pass);
  const responses: TestResponse[] = [];
  const isDelta = method.variant === "delta";
  call.on("data", (bytes: Buffer) => responses.push(isDelta ? readDelta(bytes) : readSotw(bytes)));
  call.on("error", () => undefined); // `ended` tells
  const ended = new Promise<StatusObject>((resolve) => call.on("status", resolve));
  const send: TestStream["send"] = (fields) => {
    const message = isDelta ? DeltaDiscoveryRequest.encode(fields) : DiscoveryRequest.encode(fields);
    call.write(Buffer.from(message.finish()));
  };
  return {
    call,
    responses,
    send,
    ended,
    sendBytes: (bytes) => call.write(bytes),
    async received(count) {
      await eventually(
        () => responses.length,
        (length) => length >= count,
      );
      const last = responses[count - 1];
      if (last === undefined) throw new Error("no response");
      return last;
    },
    ack(response, message) {
      const errorDetail = message === undefined ? {} : { errorDetail: { code: 13, message } };
      send({ typeUrl: response.typeUrl, responseNonce: response.nonce, ...errorDetail });
    },
    close() {
      call.cancel();
      client.close();
    },
  };
}

function readDelta(bytes: Buffer): TestResponse {
  const message = DeltaDiscoveryResponse.decode(bytes);
  return {
    typeUrl: message.typeUrl,
    nonce: message.nonce,
    bodies: message.resources.map((one) => Buffer.from(one.resource?.value ?? []).toString()),
    bytes: message.resources.map((one) => one.resource?.value ?? Buffer.alloc(0)),
    names: message.resources.map((one) => one.name ?? ""),
    removed: message.removedResources,
    identifier: message.controlPlane?.identifier ?? "",
  };
}

function readSotw(bytes: Buffer): TestResponse {
  const message = DiscoveryResponse.decode(bytes);
  return {
    typeUrl: message.typeUrl,
    nonce: message.nonce,
    bodies: message.resources.map((one) => Buffer.from(one.value ?? []).toString()),
    bytes: message.resources.map((one) => one.value ?? Buffer.alloc(0)),
    names: [],
    removed: [],
    identifier: message.controlPlane?.identifier ?? "",
  };
}
