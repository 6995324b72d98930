import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { after, before, describe, it } from "node:test";
import { answerTo } from "./validate.ts";
import { UsageError } from "./words.ts";

const GOOD = `apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata:
  name: good
spec:
  predictors:
    - name: main
      graph: {name: model}
      componentSpecs:
        - spec:
            containers:
              - {name: model, image: "models/one:1"}
`;
const WARNS = GOOD.replace("name: good", "name: warns").replace("graph:", "grahp: {}\n      graph:");
const BAD = GOOD.replace("name: good", "name: bad").replace("name: main", "name: main\n      traffic: 60");

describe("graphway validate", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "graphway-validate-"));
    mkdirSync(join(folder, "deep", "er"), { recursive: true });
    mkdirSync(join(folder, "good"));
    writeFileSync(join(folder, "good", "good.yaml"), GOOD);
    writeFileSync(join(folder, "warns.yml"), WARNS);
    writeFileSync(join(folder, "deep", "er", "bad.yaml"), BAD);
    writeFileSync(join(folder, "notes.txt"), "not a manifest");
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Calls the command with paths inside the folder; file names in its answer count from there too. */
  async function validate(...words: readonly string[]) {
    const placed = words.map((word) => (/^(-.*|json|xml)$/.test(word) ? word : join(folder, word)));
    const { code, text } = await answerTo(placed);
    return { code, stdout: text.replaceAll(`${folder}/`, "") };
  }

  it("says when nothing is wrong", async () => {
    assert.deepEqual(await validate("good"), { code: 0, stdout: "1 file: no problems\n" });
  });

  it("prints place, severity and message, then object and field, then what to do; the worst file decides", async () => {
    const { code, stdout } = await validate("good", "warns.yml", "deep");
    assert.equal(code, 1);
    assert.deepEqual(stdout.split("\n"), [
      "warns.yml:8:7: warning: there is no field grahp here: Kubernetes drops it, and kubectl may refuse it",
      "    default/warns  spec.predictors[0].grahp",
      "    -> did you mean graph?",
      "deep/er/bad.yaml:8:7: error: Traffic must sum be 100 for a single predictor when set",
      "    default/bad  spec",
      "    -> remove traffic or set it to 100",
      "",
      "3 files: 1 error, 1 warning",
      "",
    ]);
  });

  it("counts objects of other kinds, and warns of them only when there is nothing else", async () => {
    writeFileSync(join(folder, "mixed.yaml"), `kind: Secret\napiVersion: v1\n---\n${GOOD}`);
    writeFileSync(join(folder, "secret.yaml"), "kind: Secret\napiVersion: v1\n");
    assert.equal((await validate("mixed.yaml")).stdout, "1 file: no problems; 1 object of other kinds left out\n");
    const { code, stdout } = await validate("secret.yaml");
    assert.equal(code, 0);
    assert.match(stdout, /^secret\.yaml:1:1: warning: v1 Secret is not read/);
  });

  it("lets warnings pass", async () => {
    assert.equal((await validate("warns.yml")).code, 0);
  });

  it("prints JSON", async () => {
    const { code, stdout } = await validate("deep", "--output", "json");
    assert.equal(code, 1);
    const report = JSON.parse(stdout) as { problems: readonly Record<string, unknown>[] };
    const [one] = report.problems;
    assert.deepEqual(
      { ...report, problems: report.problems.length },
      { problems: 1, files: 1, skipped: 0, errors: 1, warnings: 0 },
    );
    assert.deepEqual(
      [one?.["code"], one?.["file"], one?.["position"]],
      ["TrafficSingle", "deep/er/bad.yaml", { line: 8, column: 7 }],
    );
  });

  it("judges a file once when it is named twice", async () => {
    assert.match((await validate("warns.yml", "warns.yml")).stdout, /\n1 file: 0 errors, 1 warning\n$/);
  });

  it("exits 2 for an unreadable file, and still judges the others", async () => {
    const { code, stdout } = await validate("nowhere.yaml", "deep");
    assert.equal(code, 2);
    assert.match(stdout, /nowhere\.yaml: error: there is no such file/);
    assert.match(stdout, /Traffic must sum be 100/);
  });

  it("leaves data files of a folder alone, but not those that are named", async () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "model.json"), '{"weights": [1]}');
    writeFileSync(join(folder, "data", "good.yaml"), GOOD);
    assert.equal((await validate("data")).stdout, "2 files: no problems; 1 object of other kinds left out\n");
    assert.equal((await validate("data/model.json")).code, 1);
    rmSync(join(folder, "data"), { recursive: true });
  });

  it("refuses wrong usage, and helps", async () => {
    for (const words of [[], ["--outptu"], ["good", "--output", "xml"]]) {
      await assert.rejects(validate(...words), UsageError);
    }
    const { code, stdout } = await validate("--help");
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: graphway validate/);
  });

  it("is a command of graphway", () => {
    const main = new URL("./main.ts", import.meta.url).pathname;
    const found = spawnSync(execPath, [main, "validate", "deep"], { encoding: "utf8", cwd: folder });
    assert.equal(found.status, 1);
    assert.match(found.stdout, /^deep\/er\/bad\.yaml:8:7: error: /);
    assert.equal(found.stderr, "");
  });

  it("reads what kubectl writes to standard input", () => {
    const main = new URL("./main.ts", import.meta.url).pathname;
    const item = BAD.replaceAll(/^/gm, "    ").trimStart();
    const list = `apiVersion: v1\nkind: List\nitems:\n  - ${item}`;
    const found = spawnSync(execPath, [main, "validate", "-f", "-"], { encoding: "utf8", input: list });
    assert.equal(found.status, 1);
    assert.match(found.stdout, /^standard input:11:11: error: Traffic must sum be 100 /);
    assert.match(found.stdout, /^ {4}default\/bad {2}spec$/m);
  });
});
