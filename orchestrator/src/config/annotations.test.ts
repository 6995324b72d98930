import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ANNOTATIONS, readAnnotations } from "./annotations.ts";

const NOTHING = { restTimeoutMs: 0, grpcTimeoutMs: 0, grpcMaxMessageBytes: 0, mergesMeta: false, warnings: [] };

describe("annotations", () => {
  it("are read from the downward API's lines", () => {
    const text = `seldon.io/rest-timeout="2000"\nseldon.io/grpc-timeout="1"\nseldon.io/grpc-max-message-size="10485760"\n`;
    assert.deepEqual(readAnnotations(text), {
      ...NOTHING,
      restTimeoutMs: 2000,
      grpcTimeoutMs: 1,
      grpcMaxMessageBytes: 10_485_760,
    });
    assert.deepEqual(readAnnotations(""), NOTHING);
  });

  it("stand beside values with equals signs, quotes, line breaks and no quotes at all", () => {
    const others = [
      'a="x=y=z"',
      'b="say \\"seldon.io/rest-timeout=9\\"\\nseldon.io/rest-timeout=8"',
      "c=plain",
      "no equals sign",
      '="no name"',
      'd="not closed',
    ];
    const { restTimeoutMs, warnings } = readAnnotations([...others, 'seldon.io/rest-timeout="7"'].join("\n"));
    assert.deepEqual([restTimeoutMs, warnings], [7, []]);
  });

  for (const value of ["", "abc", "-1", "1.5", "1s", "99999999999"]) {
    it(`warn of ${JSON.stringify(value)}, and the others hold`, () => {
      const text = `seldon.io/rest-timeout="${value}"\nseldon.io/grpc-timeout="5"`;
      const settings = readAnnotations(text);
      assert.deepEqual([settings.restTimeoutMs, settings.grpcTimeoutMs], [0, 5]);
      assert.match(settings.warnings.join(), /annotation seldon.io\/rest-timeout: .* is not a whole number/);
    });
  }

  it("of the Java engine are a warning each, which says what to use", () => {
    const names = Object.keys(ANNOTATIONS).filter((name) => ANNOTATIONS[name]?.kind === "not read");
    assert.equal(names.length, 4);
    const settings = readAnnotations(names.map((name) => `${name}="5000"`).join("\n"));
    assert.deepEqual({ ...settings, warnings: [] }, NOTHING);
    assert.equal(settings.warnings.length, 4);
    assert.match(settings.warnings.join("\n"), /rest-read-timeout: .*Java engine.* Use seldon.io\/rest-timeout/);
  });
});
