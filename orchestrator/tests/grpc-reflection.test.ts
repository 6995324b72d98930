import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import protobuf from "protobufjs";
import descriptor, { type IFileDescriptorProto } from "protobufjs/ext/descriptor.js";
import { collect, TestClient } from "./grpc-client.ts";
import { startChain, startGrpcNode } from "./grpc-node.ts";

const schema = join(import.meta.dirname, "..", "..", "proto", "schema", "grpc", "reflection");

interface Reply {
  readonly validHost?: string;
  readonly originalRequest?: unknown;
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] };
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly allExtensionNumbersResponse?: { readonly baseTypeName: string };
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string };
}

/** Asks with messages of the given version; the schema is read by a library that is not ours. */
async function ask(port: number, version: "v1" | "v1alpha", questions: readonly object[]): Promise<Reply[]> {
  const root = protobuf.loadSync(join(schema, version, "reflection.proto"));
  const asked = root.lookupType(`grpc.reflection.${version}.ServerReflectionRequest`);
  const told = root.lookupType(`grpc.reflection.${version}.ServerReflectionResponse`);
  const client = new TestClient(port);
  const stream = client.open(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
  const all = collect(stream);
  for (const question of questions) stream.write(Buffer.from(asked.encode(asked.fromObject(question)).finish()));
  stream.end();
  const { messages, code, details } = await all;
  client.close();
  assert.equal(code, 0, details);
  return messages.map((one) => told.decode(one) as unknown as Reply);
}

function filesOf(reply: Reply | undefined): IFileDescriptorProto[] {
  const files = reply?.fileDescriptorResponse?.fileDescriptorProto ?? [];
  return files.map((bytes) => descriptor.FileDescriptorProto.decode(bytes) as IFileDescriptorProto);
}

describe("server reflection", { concurrency: 4, timeout: 600_000 }, () => {
  const PROTOCOLS = {
    seldon: ["seldon.protos.Seldon"],
    v2: ["inference.GRPCInferenceService"],
    tensorflow: ["tensorflow.serving.ModelService", "tensorflow.serving.PredictionService"],
  } as const;

  async function withPort(protocol: keyof typeof PROTOCOLS, use: (port: number) => Promise<void>): Promise<void> {
    const node = await startGrpcNode({});
    const app = await startChain(protocol, [{ name: "m", node }]);
    try {
      await use(app.grpcPort);
    } finally {
      await app.stop();
      node.stop();
    }
  }

  for (const [protocol, services] of Object.entries(PROTOCOLS)) {
    it(`of protocol ${protocol}: every service with all it needs, in either version`, async () => {
      await withPort(protocol as keyof typeof PROTOCOLS, async (port) => {
        for (const version of ["v1", "v1alpha"] as const) {
          const [list] = await ask(port, version, [{ listServices: "*" }]);
          const names = list?.listServicesResponse?.service.map((one) => one.name) ?? [];
          const common = ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"];
          assert.deepEqual(names, [...common, "grpc.reflection.v1alpha.ServerReflection", ...services].sort());
          const replies = await ask(
            port,
            version,
            names.map((name) => ({ fileContainingSymbol: name })),
          );
          replies.forEach((reply, i) => {
            const files = filesOf(reply);
            const root = (protobuf.Root as unknown as { fromDescriptor(set: object): protobuf.Root }).fromDescriptor({
              file: files,
            });
            root.resolveAll();
            const service = root.lookupService(names[i] ?? "");
            for (const method of service.methodsArray) assert.ok(method.resolvedRequestType !== null, method.fullName);
            const known = new Set(files.map((file) => file.name));
            for (const file of files)
              for (const one of (file.dependency ?? []) as readonly string[]) assert.ok(known.has(one), one);
          });
        }
      });
    });
  }

  it("answers by file, symbol and type, and says what it does not know", async () => {
    await withPort("seldon", async (port) => {
      const replies = await ask(port, "v1", [
        { host: "me", fileByFilename: "seldon/prediction.proto" },
        { fileContainingSymbol: "seldon.protos.Seldon.Predict" },
        { fileContainingSymbol: "seldon.protos.SeldonMessage.strData" },
        { fileContainingSymbol: "inference.GRPCInferenceService" },
        { fileByFilename: "no.proto" },
        { allExtensionNumbersOfType: "seldon.protos.SeldonMessage" },
        { fileContainingExtension: { containingType: "x", extensionNumber: 1 } },
        {},
      ]);
      const [byName, byMethod, byField, foreign, noFile, extensions, extension, nothing] = replies;
      assert.equal(byName?.validHost, "me");
      for (const reply of [byName, byMethod, byField]) {
        assert.equal(filesOf(reply).at(-1)?.name, "seldon/prediction.proto");
      }
      const message = filesOf(byName)
        .at(-1)
        ?.messageType?.find((one) => one.name === "Meta");
      assert.deepEqual(
        message?.nestedType?.map((one) => one.name),
        ["TagsEntry", "RoutingEntry", "RequestPathEntry"],
      );
      assert.equal(foreign?.errorResponse?.errorCode, 5);
      assert.equal(noFile?.errorResponse?.errorMessage, "file not found: no.proto");
      assert.equal(extensions?.allExtensionNumbersResponse?.baseTypeName, "seldon.protos.SeldonMessage");
      assert.equal(extension?.errorResponse?.errorCode, 5);
      assert.equal(nothing?.errorResponse?.errorCode, 3);
    });
  });
});
