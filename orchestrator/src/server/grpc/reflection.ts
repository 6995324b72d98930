import { CallError, GRPC } from "../../execute/call-error.ts";
import { BYTES, bytesHead, eachField, messageField, stringField, WireError } from "../../protocol/wire/fields.ts";
import { DescriptorFiles, loadDescriptors, type DescriptorFile } from "./descriptor-files.ts";
import type { Service } from "./method.ts";

/** Both versions have the same messages. */
export const REFLECTION_SERVICES = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
] as const;

// Fields of ServerReflectionRequest that ask for something.
const BY_NAME = 3;
const BY_SYMBOL = 4;
const BY_EXTENSION = 5;
const EXTENSIONS_OF = 6;
const LIST = 7;
// Fields of ServerReflectionResponse.
const VALID_HOST = 1;
const ORIGINAL = 2;
const FILES = 4;
const EXTENSION_NUMBERS = 5;
const SERVICES = 6;
const ERROR = 7;

interface Question {
  readonly host: string;
  readonly asks: number;
  readonly text: string;
}

/** Server reflection over the services that `names` lists. */
export function reflectionService(names: () => readonly string[]): Service {
  let files: DescriptorFiles | undefined;
  return {
    ServerReflectionInfo: {
      kind: "stream",
      run: async (call) => {
        for (let message = await call.read(); message !== undefined; message = await call.read()) {
          files ??= new DescriptorFiles(await loadDescriptors(), names());
          await call.write(answer(message, files, names()));
        }
      },
    },
  };
}

function answer(message: Buffer, files: DescriptorFiles, names: readonly string[]): Buffer {
  const question = readQuestion(message);
  const head = [
    ...(question.host === "" ? [] : [stringField(VALID_HOST, question.host)]),
    ...messageField(ORIGINAL, [message]),
  ];
  return Buffer.concat([...head, ...responseTo(question, files, names)]);
}

function responseTo({ asks, text }: Question, files: DescriptorFiles, names: readonly string[]): readonly Buffer[] {
  switch (asks) {
    case BY_NAME:
      return filesOr(files.withName(text), files, `file not found: ${text}`);
    case BY_SYMBOL:
      return filesOr(files.withSymbol(text), files, `symbol not found: ${text}`);
    case BY_EXTENSION:
      return failure(GRPC.NOT_FOUND, "extension not found");
    case EXTENSIONS_OF:
      return files.withSymbol(text) === undefined
        ? failure(GRPC.NOT_FOUND, `type not found: ${text}`)
        : messageField(EXTENSION_NUMBERS, [stringField(1, text)]);
    case LIST:
      return messageField(
        SERVICES,
        names.flatMap((name) => messageField(1, [stringField(1, name)])),
      );
    default:
      return failure(GRPC.INVALID_ARGUMENT, "the request asks for nothing");
  }
}

function filesOr(file: DescriptorFile | undefined, files: DescriptorFiles, otherwise: string): readonly Buffer[] {
  if (file === undefined) return failure(GRPC.NOT_FOUND, otherwise);
  const parts = files.closure(file).flatMap((one) => [bytesHead(1, one.bytes.length), one.bytes]);
  return messageField(FILES, parts);
}

function failure(code: number, text: string): readonly Buffer[] {
  return messageField(ERROR, [Buffer.from([0x08, code]), stringField(2, text)]);
}

function readQuestion(message: Buffer): Question {
  const question = { host: "", asks: 0, text: "" };
  try {
    eachField(message, (field) => {
      if (field.wire !== BYTES) return;
      const text = message.toString("utf8", field.value, field.end);
      if (field.number === 1) question.host = text;
      else if (field.number >= BY_NAME && field.number <= LIST) Object.assign(question, { asks: field.number, text });
    });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new CallError("bad-request", "not an encoded ServerReflectionRequest");
  }
  return question;
}
