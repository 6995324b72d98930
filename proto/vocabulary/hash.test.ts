import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashText } from "../route-table/hashes.ts";
import { mix, multiply, nextRandom } from "./hash.ts";

const word = fc.integer({ min: 0, max: 0xffffffff });

test("hashes are MurmurHash3 (x86, 32 bits): published vectors", () => {
  assert.equal(hashText("", 0), 0);
  assert.equal(hashText("", 1), 0x514e28b7);
  assert.equal(hashText("", 0xffffffff), 0x81f16f39);
  assert.equal(hashText("test", 0), 0xba6bd213);
  assert.equal(hashText("test", 0x9747b28c), 0x704b81dc);
  assert.equal(hashText("Hello, world!", 0), 0xc0363e43);
  assert.equal(hashText("Hello, world!", 0x9747b28c), 0x24884cba);
  assert.equal(hashText("The quick brown fox jumps over the lazy dog", 0), 0x2e4ff723);
  assert.equal(hashText("aaa", 0x9747b28c), 0x283e0130);
  assert.equal(hashText("aa", 0x9747b28c), 0x5d211726);
  assert.equal(hashText("a", 0x9747b28c), 0x7fa09ea6);
});

test("multiply wraps as 32-bit words do", () => {
  fc.assert(fc.property(word, word, (a, b) => multiply(a, b) === Math.imul(a, b) >>> 0));
});

test("mix and the generator stay within 32 bits and do not stand still", () => {
  fc.assert(
    fc.property(word, (a) => {
      const [mixed, next] = [mix(a), nextRandom(Math.max(a, 1))];
      return mixed >= 0 && mixed <= 0xffffffff && next > 0 && next <= 0xffffffff && next !== a;
    }),
  );
});
