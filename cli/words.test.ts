import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWords, UsageError } from "./words.ts";

const OPTIONS = {
  header: { type: "string" },
  file: { type: "string", short: "f" },
  json: { type: "boolean" },
} as const;

test("a mistake in the options is said in our words", () => {
  for (const [words, message] of [
    [["--heder", "a=b"], "there is no option --heder; did you mean --header?"],
    [["--nothing-like-it"], "there is no option --nothing-like-it"],
    [["-x", "y"], "there is no option -x"],
    [["-f"], "-f, --file needs a value"],
    [["--header"], "--header needs a value"],
    [["--json=1"], "Option '--json' does not take an argument"],
  ] as const)
    assert.throws(() => parseWords(OPTIONS, words), new UsageError(message));
});

test("a lone dash is a value, as for standard input", () => {
  assert.equal(parseWords(OPTIONS, ["-f", "-"]).values.file, "-");
  assert.deepEqual(parseWords(OPTIONS, ["-"]).positionals, ["-"]);
});
