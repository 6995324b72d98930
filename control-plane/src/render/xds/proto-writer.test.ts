import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import protobuf from "protobufjs/light.js";
import { ProtoWriter } from "./proto-writer.ts";

/** What may be written, in the words of both writers. */
type Step =
  | { readonly call: "uint32" | "int32" | "int64" | "uint64" | "double" | "float"; readonly value: number }
  | { readonly call: "bool"; readonly value: boolean }
  | { readonly call: "string"; readonly value: string }
  | { readonly call: "bytes" | "raw"; readonly value: Uint8Array }
  | { readonly call: "nest"; readonly value: readonly Step[] };

type Steps = Pick<ProtoWriter, "uint32" | "int32" | "int64" | "uint64" | "double" | "float" | "bool" | "string"> &
  Pick<ProtoWriter, "bytes" | "raw" | "fork" | "ldelim">;

function write(writer: Steps, steps: readonly Step[]): void {
  for (const step of steps) {
    switch (step.call) {
      case "bool":
        writer.bool(step.value);
        break;
      case "string":
        writer.string(step.value);
        break;
      case "bytes":
      case "raw":
        writer[step.call](step.value);
        break;
      case "nest":
        writer.fork();
        write(writer, step.value);
        writer.ldelim();
        break;
      case "uint32":
      case "int32":
      case "int64":
      case "uint64":
      case "double":
      case "float":
        writer[step.call](step.value);
    }
  }
}

const whole = fc.maxSafeInteger();
/** Some are large enough to be put in their place only at the end. */
const long = { maxLength: 3000, size: "max" } as const;
const { steps } = fc.letrec<{ readonly steps: readonly Step[]; readonly step: Step }>((tie) => ({
  steps: fc.array(tie("step"), { maxLength: 12 }),
  step: fc.oneof(
    { depthSize: "medium" },
    fc.record({ call: fc.constant("uint32" as const), value: fc.nat(2 ** 32 - 1) }),
    fc.record({ call: fc.constant("int32" as const), value: fc.integer() }),
    fc.record({ call: fc.constant("int64" as const), value: whole }),
    fc.record({ call: fc.constant("uint64" as const), value: whole.map(Math.abs) }),
    fc.record({ call: fc.constantFrom("double" as const, "float" as const), value: fc.double({ noNaN: true }) }),
    fc.record({ call: fc.constant("bool" as const), value: fc.boolean() }),
    fc.record({ call: fc.constant("string" as const), value: fc.string({ unit: "binary", ...long }) }),
    fc.record({ call: fc.constant("string" as const), value: fc.string({ unit: "grapheme-ascii", ...long }) }),
    fc.record({ call: fc.constantFrom("bytes" as const, "raw" as const), value: fc.uint8Array(long) }),
    fc.record({ call: fc.constant("nest" as const), value: tie("steps") }),
  ),
}));

function bytesOf(list: readonly Step[]): Uint8Array {
  const writer = new ProtoWriter();
  write(writer, list);
  return writer.finish();
}

function expected(list: readonly Step[]): Uint8Array {
  const oracle = protobuf.Writer.create();
  write(oracle as unknown as Steps, list);
  return oracle.finish();
}

test("property: the bytes are those that protobufjs writes", () => {
  fc.assert(
    fc.property(steps, (list) => {
      assert.deepEqual(Buffer.from(bytesOf(list)), Buffer.from(expected(list)));
    }),
  );
});

test("a nested message of any size has its length before it, however many bytes the length takes", () => {
  for (const size of [0, 1, 126, 127, 128, 16_380, 16_384, 2_097_150, 2_097_152]) {
    const text: Step = { call: "raw", value: Buffer.alloc(size, "x") };
    const list: readonly Step[] = [
      {
        call: "nest",
        value: [
          { call: "nest", value: [text] },
          { call: "bool", value: true },
        ],
      },
    ];
    assert.ok(Buffer.from(bytesOf(list)).equals(expected(list)), `${size} bytes`);
  }
});

test("writers at work at the same time, and one that was left, do not meet", () => {
  const [outer, left] = [new ProtoWriter().string("outer"), new ProtoWriter().string("left")];
  const inner = new ProtoWriter().string("inner").finish();
  const next = new ProtoWriter().string("next").finish();
  assert.deepEqual(Buffer.from(outer.bytes(inner).finish()).toString(), "\x05outer\x06\x05inner");
  assert.deepEqual(Buffer.from(inner).toString(), "\x05inner");
  assert.deepEqual(Buffer.from(next).toString(), "\x04next");
  assert.deepEqual(Buffer.from(left.finish()).toString(), "\x04left");
});
