import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { loadAll } from "js-yaml";
import type { KubernetesObject } from "../control-plane/src/kubernetes-api/object.ts";
import { RESOURCE } from "../control-plane/src/kubernetes-api/resource-types.ts";
import { startFakeApiServer } from "../control-plane/src/kubernetes-api/tests/fake-api-server.ts";
import { run } from "./explain.ts";
import { readPlans } from "./read-plans.ts";
import { renderGatewayTable } from "../control-plane/src/render/targets.ts";
import { UsageError } from "./words.ts";
import { inputOf, ROOT, type Outcome } from "./outcome-for-tests.ts";

const folder = await mkdtemp(join(tmpdir(), "gw-explain-"));
after(() => rm(folder, { recursive: true, force: true }));

/** As `main.ts` runs it, but within this process. */
async function explain(...words: readonly string[]): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  const to = (stream: keyof typeof written) => ({
    write: (text: string) => {
      written[stream] += text;
    },
  });
  try {
    const code = await run(words, { stdout: to("stdout"), stderr: to("stderr") });
    return { code, ...written };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { code: 2, ...written, stderr: error.message };
  }
}

test("the command answers on its standard output", async () => {
  const main = join(ROOT, "cli", "main.ts");
  const words = ["explain", "seldon/example", "-f", inputOf("canary")];
  const asProgram = promisify(execFile);
  const { stdout, stderr } = await asProgram(process.execPath, [main, ...words]);
  assert.match(stdout, /^predictor: +(main|canary)$/m);
  assert.equal(stderr, "");
});

test("the same key gives the same predictor, whatever the request id", async () => {
  const words = ["seldon/example", "-f", inputOf("sticky-policy"), "--header", "X-User=42", "--repeat", "50"];
  const { stdout, code } = await explain(...words);
  assert.equal(code, 0);
  assert.match(stdout, /^predictor (main|canary): +50 of 50, 100 %\n$/);
});

test("a forced predictor is forced, in words", async () => {
  const force = ["--header", "x-graphway-force=predictor=canary", "--header", "x-graphway-explain=1"];
  const { stdout, code } = await explain("seldon/example", "-f", inputOf("sticky-policy"), ...force);
  assert.equal(code, 0);
  assert.match(stdout, /^predictor: +canary$/m);
  assert.match(stdout, /the predictor is forced/);
  assert.match(stdout, /x-graphway-decision: deployment=seldon\/example;predictor=canary;by=forced/);
  assert.match(stdout, /^removes: +x-graphway-force, x-graphway-explain$/m);
});

test("a force that does not count is told, with the reason", async () => {
  const words = ["example", "-f", inputOf("sticky-policy"), "--header"];
  const wrong = await explain(...words, "x-graphway-force=predictor=nobody");
  assert.equal(wrong.code, 0);
  assert.match(
    wrong.stdout,
    /^force: +ignored: x-graphway-force: predictor=nobody can't be read; .*predictor=<canary or main>/m,
  );
  const forbidden = await explain("example", "-f", inputOf("canary"), "--header", "x-graphway-force=predictor=canary");
  assert.match(forbidden.stdout, /^force: +ignored: no client of this deployment may force/m);
});

test("a deployment that takes a request over by its headers is named", async () => {
  const words = ["seldon/example", "-f", inputOf("ambassador-header"), "--header"];
  const { stdout } = await explain(...words, "Location=london");
  assert.match(stdout, /^answered by: +seldon\/example-header, /m);
  assert.doesNotMatch((await explain(...words, "location=paris")).stdout, /answered by/);
});

test("of several that take a request over, the one whose name sorts first is named, as routes ask it", async () => {
  const text = await readFile(inputOf("ambassador-header"), "utf8");
  const taker = text.slice(text.lastIndexOf("apiVersion:"));
  const file = join(folder, "takers.yaml");
  await writeFile(file, `${text}\n---\n${taker.replace("name: example-header", "name: another")}`);
  const words = ["seldon/example", "-f", file, "--header", "location=london"];
  assert.match((await explain(...words)).stdout, /^answered by: +seldon\/another, /m);
  const repeated = await explain(...words, "--repeat", "3");
  assert.match(repeated.stdout, /^answered by: +seldon\/another, .*\npredictor main: +3 of 3/);
  const asData = await explain(...words, "--repeat", "3", "--json");
  assert.equal((JSON.parse(asData.stdout) as { readonly answeredBy?: string }).answeredBy, "seldon/another");
  const twice = await explain(...words, "--header", "location=paris");
  assert.doesNotMatch(twice.stdout, /answered by/, "Envoy sees one header, london,paris");
});

test("a cluster is asked for what answers in a deployment's place too, as files are", async () => {
  const api = await startFakeApiServer();
  try {
    for (const object of loadAll(await readFile(inputOf("ambassador-header"), "utf8")))
      await api.client().create(RESOURCE.seldonDeployment, object as KubernetesObject);
    const kubeconfig = join(folder, "kubeconfig");
    const context = { name: "c", context: { cluster: "c", user: "c" } };
    await writeFile(
      kubeconfig,
      JSON.stringify({
        ...{ apiVersion: "v1", kind: "Config", "current-context": "c", contexts: [context] },
        ...{ clusters: [{ name: "c", cluster: { server: api.url } }], users: [{ name: "c", user: {} }] },
      }),
    );
    const request = ["--header", "location=london", "--request-id", "one"];
    for (const deployment of ["seldon/example", "example"]) {
      const live = await explain(deployment, "--cluster", "--kubeconfig", kubeconfig, ...request);
      assert.match(live.stdout, /^answered by: +seldon\/example-header, /m);
      const fromFile = await explain(deployment, "-f", inputOf("ambassador-header"), ...request);
      assert.equal(live.stdout, fromFile.stdout);
    }
  } finally {
    await api.stop();
  }
});

test("a name alone is enough where one deployment has it", async () => {
  assert.match((await explain("example", "-f", inputOf("canary"))).stdout, /^deployment: +seldon\/example/m);
  const table = join(folder, "canary.bin");
  await writeFile(table, renderGatewayTable((await readPlans([inputOf("canary")])).value).value);
  assert.match((await explain("example", "--table", table)).stdout, /^deployment: +seldon\/example/m);
  const several = await explain("example", "-f", inputOf("two-namespaces"));
  assert.equal(several.code, 2);
  assert.match(several.stderr, /example may be .* or .*: say which/);
});

test("a file that can't be read is said once, with exit code 2", async () => {
  const { code, stderr, stdout } = await explain("seldon/example", "-f", join(folder, "absent.yaml"));
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /SourceUnreadable|absent\.yaml/);
  assert.doesNotMatch(stderr, /RequestToNobody|finds no deployment/);
});

test("feedback over gRPC has no copies and no retries; a table as a file gives the same answer", async () => {
  const table = renderGatewayTable((await readPlans([inputOf("shadow-all")])).value).value;
  const file = join(folder, "table.bin");
  await writeFile(file, table);
  const request = ["--grpc", "seldon.protos.Seldon/SendFeedback", "--request-id", "one", "--json"];
  const [fromFile, fromTable] = await Promise.all([
    explain("seldon/example", "-f", inputOf("shadow-all"), ...request),
    explain("seldon/example", "--table", file, ...request),
  ]);
  assert.deepEqual(JSON.parse(fromFile.stdout), JSON.parse(fromTable.stdout));
  const { shadows, kind, set } = JSON.parse(fromFile.stdout) as {
    readonly shadows: readonly string[];
    readonly kind: string;
    readonly set: readonly string[];
  };
  assert.deepEqual([shadows, kind], [[], "feedback"]);
  assert.ok(set.includes("x-envoy-max-retries: 0"));
  const predict = await explain("seldon/example", "--table", file, "--json");
  assert.equal((JSON.parse(predict.stdout) as { readonly shadows: readonly string[] }).shadows.length, 1);
});

test("shares come near the weights", async () => {
  const { stdout } = await explain("seldon/example", "-f", inputOf("canary"), "--repeat", "4000", "--json");
  const { predictors } = JSON.parse(stdout) as { readonly predictors: Readonly<Record<string, number>> };
  assert.ok(Math.abs((predictors["canary"] ?? 0) - 1000) < 200, stdout);
});

test("what cannot be answered is said: 1 for what is not there, 2 for what was asked wrongly or can't be read", async () => {
  const table = join(folder, "nobody.bin");
  await writeFile(table, renderGatewayTable((await readPlans([inputOf("canary")])).value).value);
  const cases: readonly (readonly [words: readonly string[], code: number, says: RegExp])[] = [
    [["seldon/nobody", "-f", inputOf("canary")], 1, /finds no deployment/],
    [
      ["nobody", "-f", inputOf("canary")],
      1,
      /^graphway explain: no deployment is called nobody; there are seldon\/example\n$/,
    ],
    [["nobody", "--table", table], 1, /no deployment is called nobody; there are seldon\/example/],
    [["seldon/nobody", "--table", table], 1, /finds no deployment/],
    [["nobody", "-f", inputOf("two-namespaces")], 1, /no deployment is called nobody; there are .*, /],
    [["example", "-f", inputOf("two-namespaces")], 2, /say which/],
    [["seldon/example", "--cluster", "--kubeconfig", join(folder, "absent")], 2, /there is no .*absent$/],
    [["seldon/example"], 2, /-f, --cluster and --table/],
    [["a/b/c", "-f", inputOf("canary")], 2, /<namespace>\/<name>/],
    [["seldon/example", "-f", inputOf("canary"), "--header", "x"], 2, /--header is name=value/],
    [["seldon/example", "-f", inputOf("canary"), "--repeat", "0"], 2, /--repeat/],
    [["seldon/example", "-f", inputOf("canary"), "--grpc", "a/B", "--path", "/"], 2, /not both/],
    [["seldon/example", "--table", inputOf("canary")], 1, /table/],
    [["seldon/example", "--table", join(folder, "absent")], 2, /ENOENT/],
  ];
  await Promise.all(
    cases.map(async ([words, code, says]) => {
      const outcome = await explain(...words);
      assert.equal(outcome.code, code, words.join(" "));
      assert.match(outcome.stderr, says);
    }),
  );
});

test("the policy's rule that took a request is named, and its split counts", async () => {
  const words = ["seldon/example", "-f", inputOf("policy-rules"), "--json"];
  const asked = async (...more: readonly string[]) =>
    JSON.parse((await explain(...words, ...more)).stdout) as {
      readonly rule?: string;
      readonly by: string;
      readonly stickyKey?: string;
      readonly predictor: string;
      readonly split: readonly unknown[];
      readonly set: readonly string[];
    };
  const tester = await asked("--header", "X-Tier=tester", "--header", "x-user=ann");
  assert.deepEqual([tester.rule, tester.predictor, tester.stickyKey], ["testers", "canary", "header x-user"]);
  assert.deepEqual(tester.split, [{ predictor: "canary", percent: 100 }]);
  const other = await asked("--cookie", "uid=17");
  assert.deepEqual([other.rule, other.by, other.stickyKey], [undefined, "sticky", "cookie uid"]);
  const fresh = await asked();
  assert.deepEqual([fresh.by, fresh.stickyKey], ["sticky", undefined]);
  assert.ok(fresh.set.some((line) => line.startsWith("x-graphway-set-cookie: uid=")));
  const { stdout } = await explain(...words, "--cookie", "lang=en-GB", "--repeat", "2000");
  const { rules } = JSON.parse(stdout) as { readonly rules: Readonly<Record<string, number>> };
  const [taken = 0] = Object.values(rules);
  assert.ok(Math.abs(taken - 1000) < 150, stdout);
});
