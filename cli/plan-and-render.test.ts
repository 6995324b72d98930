import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadAll } from "js-yaml";
import { describePlan } from "./describe-plan.ts";
import { readPlans } from "./read-plans.ts";
import { inputOf, ROOT, type Outcome } from "./outcome-for-tests.ts";

function graphway(...words: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, "cli", "main.ts"), ...words], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

test("a plan in words", async () => {
  const { value, problems } = await readPlans([inputOf("shadow")]);
  assert.deepEqual(problems, []);
  assert.deepEqual(value.map(describePlan).join("\n").split("\n").slice(0, 12), [
    "seldon/example",
    "  REST:        /seldon/seldon/example/ on any host",
    "  gRPC:        metadata seldon: example, namespace: seldon",
    "  protocol:    seldon",
    "  split:       main 100 %",
    "  sticky by:   the request id",
    "  shadows:     canary gets a copy of 20 %",
    "  retries:     none",
    "  clients may: neither force nor explain",
    "",
    "  main: 1 node, orchestrator beside the model",
    "    example-main.seldon.svc.cluster.local:8000, gRPC 5001",
  ]);
});

test("a graph is drawn as a tree, retries in words", async () => {
  const [combiner] = (await readPlans([inputOf("combiner")])).value;
  assert.ok(combiner !== undefined);
  const lines = describePlan(combiner).split("\n");
  assert.deepEqual(lines.slice(-6, -1), [
    "    average (AVERAGE_COMBINER, built in)",
    "    ├─ one (MODEL) at localhost:9000, gRPC 9500",
    "    └─ ab (RANDOM_ABTEST, built in)",
    "       ├─ two (MODEL) at localhost:9001, gRPC 9501",
    "       └─ three (MODEL) at localhost:9002, gRPC 9502",
  ]);
  const [retries] = (await readPlans([inputOf("retries-timeout")])).value;
  assert.ok(retries !== undefined);
  assert.match(describePlan(retries), /retries: {5}2 times, 5 s per try; never feedback/);
});

test("graphway plan shows the sound deployment beside a broken one and exits with 1", async () => {
  const { code, stdout, stderr } = await graphway("plan", "-f", inputOf("bad-neighbour"));
  assert.equal(code, 1);
  assert.match(stdout, /^seldon\/sound$/m);
  assert.doesNotMatch(stdout, /broken/);
  assert.match(stderr, /in\.yaml:9:\d+: error: .*\n +seldon\/broken/);
});

test("graphway render prints Istio objects as documents", async () => {
  const { code, stdout, stderr } = await graphway(
    "render",
    "--target",
    "istio",
    "--gateway",
    "team/gw",
    "-f",
    inputOf("canary"),
  );
  assert.equal(code, 0);
  assert.match(stderr, /^warning: routes match the header x-graphway-predictor/);
  const objects = loadAll(stdout) as {
    readonly kind: string;
    readonly spec: { readonly gateways?: readonly string[] };
  }[];
  assert.deepEqual(
    objects.map((one) => one.kind),
    ["DestinationRule", "DestinationRule", "VirtualService"],
  );
  assert.deepEqual(objects[2]?.spec.gateways, ["team/gw"]);
});

test("wrong usage and unreadable files exit with 2", async () => {
  for (const words of [
    ["plan"],
    ["render", "-f", "x"],
    ["render", "-t", "nothing"],
    ["render", "-t", "istio", "-o", "bytes", "-f", "x"],
    ["render", "-t", "xds", "-o", "xml", "-f", "x"],
    ["plan", "--nope"],
    ["plan", "-f", "/does/not/exist"],
  ]) {
    const { code, stdout, stderr } = await graphway(...words);
    assert.equal(code, 2, words.join(" "));
    assert.equal(stdout, "");
    assert.notEqual(stderr, "");
  }
});

test("a usage error is its message and where to read more", async () => {
  const { stderr } = await graphway("plan", "-f", "x", "-o", "xml");
  assert.equal(stderr, 'graphway plan: --output is text or json, not "xml"\nsee graphway plan --help\n');
});

test("graphway names its version, and the command that was meant", async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { readonly version: string };
  assert.equal((await graphway("--version")).stdout, `${version}\n`);
  const meant = await graphway("vaildate", "x");
  assert.equal(meant.code, 2);
  assert.match(meant.stderr, /^graphway: there is no command vaildate; did you mean validate\?\n/);
  assert.match((await graphway("bake")).stderr, /there is no command bake; there are run, validate,/);
});

test("plan says what a RoutePolicy brings, and no more than part of a digest", async () => {
  const file = join(ROOT, "control-plane", "src", "model", "testdata", "policy-full", "in.yaml");
  const { value } = await readPlans([file]);
  const lines = describePlan(value[0] ?? assert.fail("no plan")).split("\n");
  assert.deepEqual(lines.slice(4, 15), [
    '  rules:       gold: transport rest and method is "POST" and path begins with "api/v1.0/" and header x-tier is "gold" and header x-beta is not there and cookie lang begins with "en" and query debug is there -> canary',
    "               rule-2: 12.5 % of every request -> main 0 %, canary 100 %",
    "  split:       main 75 %, canary 25 %",
    "  sticky by:   header x-user, else cookie uid (issued to clients without a key), else query user, else the request id; salt spring",
    '  shadows:     candidate gets a copy of 10 % beside main where method is "POST" of at most 100000 bytes, canary gets a copy of 100 %',
    "  retries:     2 times, 0.5 s per try, on gateway-error, unavailable, 503, at most 20 % of the requests in flight; never feedback",
    "  deadline:    2000 ms where the client says nothing, 10000 ms at most",
    "  fallback:    main, then canary",
    "  limits:      100 requests per second, bursts of 200, 50 in flight to a predictor; in each Envoy",
    "  ejection:    a pod after 5 errors in a row, for 30 s; at most 50 % of the pods",
    "  clients may: force: who knows the secret f52fbd32…, or who has x-jwt-role: tester, or callers in namespace qa",
  ]);
});
