import { contentOf, type Content } from "./known-content.ts";

export type Protocol = "seldon" | "v2";
export type Transport = "rest" | "grpc";

/** Field 1 (wire type 2) and so on. */
function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const STR_DATA = 5;
const RAW_INPUT = 7;
const RAW_OUTPUT = 6;

/** A message that carries a content, as clients send it and, with `isReply`, as nodes answer it. */
export function messageOf(protocol: Protocol, transport: Transport, content: Content, isReply: boolean): Buffer {
  const bytes = contentOf(content);
  if (protocol === "seldon") {
    if (transport === "grpc") return field(STR_DATA, bytes);
    return Buffer.concat([Buffer.from('{"strData":"'), bytes, Buffer.from('"}')]);
  }
  if (transport === "rest") {
    const tensor = '[{"name":"x","datatype":"BYTES","shape":[1],"data":["';
    return Buffer.concat([Buffer.from(`{"${isReply ? "outputs" : "inputs"}":${tensor}`), bytes, Buffer.from('"]}]}')]);
  }
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  const tensor = field(5, field(1, Buffer.from("x")), field(2, Buffer.from("BYTES")), field(3, varint(1)));
  return Buffer.concat([tensor, field(isReply ? RAW_OUTPUT : RAW_INPUT, length, bytes)]);
}

/** A router's answer. */
export function routeMessage(transport: Transport, branch: number): Buffer {
  if (transport === "rest") return Buffer.from(`{"data":{"ndarray":[[${branch}]]}}`);
  const value = Buffer.alloc(8);
  value.writeDoubleLE(branch);
  // DefaultData's tensor: shape [1, 1], values [branch].
  return field(3, field(2, field(1, varint(1), varint(1)), field(2, value)));
}
