import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { execPath } from "node:process";
import { describe, it } from "node:test";

const ROOT = join(import.meta.dirname, "..");
const IRIS = ["-f", "examples/iris", "-f", "examples/iris-policy"];

function graphway(...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(execPath, ["cli/main.ts", ...words], { cwd: ROOT, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return `${stdout}${stderr}`;
}

describe("the examples", () => {
  it("have no problems", () => {
    assert.match(graphway("validate", ...IRIS, "-f", "examples/v2"), /: no problems/);
  });

  it("a policy sends testers to the canary, and knows a client by its header", () => {
    const said = graphway("explain", "default/iris", ...IRIS, "--header", "x-tier=tester", "--header", "x-user=ada");
    assert.match(said, /^predictor: +canary\nrule: +testers$/m);
    assert.match(said, /^key: +6fb77fee, of the header x-user$/m);
  });
});
