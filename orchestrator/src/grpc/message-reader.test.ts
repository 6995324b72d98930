import assert from "node:assert/strict";
import { it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { giveBack } from "../memory/lent-bytes.ts";
import { MessageReader, messagePrefix } from "./message-reader.ts";

const MAX_BYTES = 1 << 20;

function tooLarge(): never {
  throw new Error("too large");
}

it("gives the messages that were sent, however they were cut", () => {
  const messages = fc.array(fc.oneof(fc.nat(40), fc.nat(30_000), fc.nat(200_000)), { minLength: 1, maxLength: 8 });
  const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 60_000 })));
  fc.assert(
    fc.property(messages, cuts, fc.boolean(), (sizes, cut, takesLate) => {
      const bodies = sizes.map((size, i) => Buffer.alloc(size, `${i}abcdefg`));
      const bytes = Buffer.concat(bodies.flatMap((body) => [messagePrefix(body.length), body]));
      const reader = new MessageReader(MAX_BYTES, tooLarge);
      const taken: Buffer[] = [];
      const take = (): void => {
        for (let one = reader.next(); one !== undefined; one = reader.next()) taken.push(one.body);
      };
      for (let at = 0; at < bytes.length;) {
        const { value: length } = cut.next() as IteratorYieldResult<number>;
        const read = Buffer.from(bytes.subarray(at, at + length));
        reader.push(read);
        giveBack(read);
        at += length;
        if (!takesLate) take();
      }
      take();
      assert.equal(reader.bytes, 0);
      assert.deepEqual(taken.map(String), bodies.map(String));
    }),
    { numRuns: 60 },
  );
});

/** Twice: the second collection waits for what the first one frees beside the program. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
}

it("keeps little beside the bytes themselves", () => {
  const reader = new MessageReader(MAX_BYTES, tooLarge);
  const before = process.memoryUsage().arrayBuffers;
  reader.push(messagePrefix(5000));
  for (let i = 0; i < 3000; i += 1) reader.push(Buffer.allocUnsafeSlow(65_536).subarray(7, 8));
  collectGarbage();
  assert.equal(reader.bytes, 3005);
  // 196 MB were read.
  assert.ok(process.memoryUsage().arrayBuffers - before < 100e6);
});
