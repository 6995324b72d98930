import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

for (const [words, expected] of [
  [["--help"], 0],
  [["plan", "--cluster", "--help"], 0],
  [["validate", "no-such-file.yaml"], 2],
] as const) {
  it(`graphway ${words.join(" ")} ends as ever when nobody reads its output`, async () => {
    const child = spawn(execPath, [MAIN, ...words], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const complaints = text(child.stderr);
    const [code] = (await once(child, "close")) as [number | null];
    assert.equal(code, expected);
    assert.equal(await complaints, "");
  });
}
