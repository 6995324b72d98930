import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { EndpointMapping } from "./endpoint-mapping.ts";
import { groupAlive } from "./group.ts";
import { startGuard, type Guard } from "./guard.ts";
import { createLocalWorkloads, type LocalWorkloads, type LocalWorkloadsOptions } from "./local-workloads.ts";
import { createPortPool, isPortFree } from "./ports.ts";
import { containerPlan, deploymentPlan, nodeOf } from "./testdata/plans.ts";
import { ask, until } from "./testdata/poll.ts";

const FOLDER = fileURLToPath(new URL("./testdata/", import.meta.url));
const pool = createPortPool();
const open: LocalWorkloads[] = [];
let guard: Guard;
before(() => {
  guard = startGuard();
});
after(async () => {
  await Promise.all(open.map((one) => one.close()));
  await guard.close();
});

function workloadsFor(options: Partial<LocalWorkloadsOptions> = {}, endpoints: readonly EndpointMapping[] = []) {
  const log: string[] = [];
  const workloads = createLocalWorkloads({
    guard,
    onLine: ({ label, text }) => log.push(`${label} ${text}`),
    onChange: () => undefined,
    ports: pool,
    drainMs: Infinity,
    orchestratorMain: `${FOLDER}orchestrator.mjs`,
    settings: { backoffFirstMs: 50, startIntervalMs: 20 },
    ...options,
  });
  open.push(workloads);
  const context = { folderOf: () => FOLDER, endpoints, xdsServer: "unix:/x", enginePredictor: () => "cHJlZGljdG9y" };
  const apply = (...plans: DeploymentPlan[]) => workloads.apply(plans, context);
  const state = (deployment = "iris", predictor = "main") =>
    workloads.states().find((one) => one.deployment === `default/${deployment}` && one.predictor === predictor);
  const current = (deployment?: string, predictor?: string) =>
    until(
      () => {
        const found = state(deployment, predictor);
        return found?.next === undefined && found?.current?.ready ? found.current : undefined;
      },
      `${deployment ?? "iris"}/${predictor ?? "main"} ready`,
    );
  return { workloads, apply, state, current, log };
}

const codes = (result: { readonly problems: readonly { readonly code: string }[] }) =>
  result.problems.map((one) => one.code);

describe("local workloads", () => {
  it("runs deployments with the same container names side by side", async () => {
    const { apply, current, workloads } = workloadsFor();
    assert.deepEqual(codes(await apply(deploymentPlan("iris", [{}]), deploymentPlan("other", [{}]))), []);
    const [a, b] = [await current("iris"), await current("other")];
    assert.notEqual(a.address.httpPort, b.address.httpPort);
    const answers = [await ask(a.address.httpPort), await ask(b.address.httpPort)];
    assert.equal(answers[0]?.env["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"], String(a.address.httpPort));
    assert.equal(`${answers[0].cwd}/`, FOLDER);
    await workloads.close();
    await workloads.close();
    for (const answer of answers) assert.ok(!groupAlive(answer?.pid ?? 0));
    for (const port of [a.address.httpPort, b.address.httpPort]) assert.ok(await isPortFree(port));
  });

  it("starts an orchestrator with Seldon's flags and keeps all of it through edits of graph and weights", async () => {
    const { apply, current } = workloadsFor();
    const plan = deploymentPlan("iris", [{ orchestrator: "sidecar" }]);
    await apply(plan);
    const first = await current();
    const answer = await ask(first.address.httpPort);
    const flags = (answer?.argv ?? []).join(" ");
    const { httpPort, grpcPort } = first.address;
    assert.match(
      flags,
      new RegExp(
        `^--sdep iris --namespace default --predictor main --http_port ${httpPort} --grpc_port ${grpcPort} --protocol seldon`,
      ),
    );
    assert.match(flags, /--xds_server unix:\/x$/);
    assert.equal(answer?.engine, "cHJlZGljdG9y");
    const model = containerPlan("model", {}, [], 7);
    const edited = deploymentPlan("iris", [
      { orchestrator: "sidecar", containers: [model], graph: { ...nodeOf(model), logger: { mode: "all", url: "" } } },
    ]);
    await apply({ ...edited, split: [{ predictor: "main", weight: 5 }] });
    const second = await current();
    assert.equal(second.revision, first.revision);
    assert.equal(second.predictor.graph.logger?.mode, "all");
    const endpointOf = (one: typeof first) =>
      one.predictor.graph.runs.in === "container" ? one.predictor.graph.runs.endpoint : undefined;
    assert.equal((await ask(httpPort))?.pid, answer.pid);
    assert.ok(endpointOf(first)?.httpPort !== 9_000);
    assert.deepEqual(
      second.processes.map((one) => one.restarts),
      [0, 0],
    );
  });

  it("makes the new revision ready before the old one goes, and keeps the orchestrator", async () => {
    const { apply, current, state, workloads } = workloadsFor();
    const version = (value: string, more: Readonly<Record<string, string>> = {}) =>
      deploymentPlan("iris", [
        {
          orchestrator: "sidecar",
          containers: [
            containerPlan(
              "model",
              {},
              Object.entries({ VERSION: value, ...more }).map(([name, text]) => ({ name, value: text })),
            ),
          ],
        },
      ]);
    await apply(version("1"));
    const first = await current();
    const modelPort = (one: typeof first) =>
      one.predictor.graph.runs.in === "container" ? one.predictor.graph.runs.endpoint.httpPort : 0;
    await apply(version("2", { READY_AFTER_MS: "3000" }));
    assert.equal(state()?.current?.revision, first.revision);
    assert.equal((await ask(modelPort(first)))?.env["VERSION"], "1");
    const second = await current();
    assert.notEqual(second.revision, first.revision);
    assert.deepEqual(second.address, first.address);
    assert.equal((await ask(modelPort(second)))?.env["VERSION"], "2");
    assert.equal((await ask(modelPort(first)))?.env["VERSION"], "1");
    assert.deepEqual(state()?.draining, [first.revision]);
    workloads.retire("default/iris", "main", first.revision);
    await until(async () => (await ask(modelPort(first))) === undefined, "the end of the old one");
    await until(() => state()?.draining.length === 0, "nothing draining");
    assert.equal((await ask(modelPort(second)))?.env["VERSION"], "2");
  });

  it("gives up a revision that never became ready when the edit is taken back", async () => {
    const { apply, current, state } = workloadsFor();
    await apply(deploymentPlan("iris", [{}]));
    const first = await current();
    const broken = containerPlan("model", {}, [
      { name: "EXIT_AT_START", value: "9" },
      { name: "SAY", value: "bad weights" },
    ]);
    await apply(deploymentPlan("iris", [{ containers: [broken] }]));
    const problem = await until(() => state()?.problems[0], "the report");
    assert.equal(problem.code, "LocalProcessFailed");
    assert.match(
      problem.message,
      /default\/iris\/main\/model ended with exit code 9 before it was ready[^]*bad weights/,
    );
    assert.equal(problem.path, "spec.predictors[0].componentSpecs[0].spec.containers[0]");
    assert.equal(state()?.current?.ready, true);
    await apply(deploymentPlan("iris", [{}]));
    assert.equal((await current()).revision, first.revision);
    assert.deepEqual(state()?.problems, []);
  });

  it("ends drained revisions by itself, and predictors that are no longer listed", async () => {
    const { apply, current, state } = workloadsFor({ drainMs: 50 });
    await apply(deploymentPlan("iris", [{}]), deploymentPlan("other", [{}]));
    const first = await current();
    const other = await current("other");
    await apply(deploymentPlan("iris", [{ containers: [containerPlan("model", {}, [{ name: "V", value: "2" }])] }]));
    await until(async () => (await ask(other.address.httpPort)) === undefined, "the end of other");
    await current();
    await until(async () => (await ask(first.address.httpPort)) === undefined, "the end of the first");
    await until(() => state()?.draining.length === 0, "nothing draining");
  });

  it("says both ways out for a container with nothing to run, and serves the others", async () => {
    const { apply, current, state } = workloadsFor();
    const bare = deploymentPlan("bare", [{ containers: [containerPlan("model", { command: [], args: ["serve"] })] }]);
    const result = await apply(bare, deploymentPlan("iris", [{}]));
    assert.deepEqual(codes(result), ["LocalCommandMissing"]);
    const hint = result.problems[0]?.hint ?? "";
    assert.match(hint, /add a `command`/);
    assert.match(hint, /--endpoint bare\/main\/model=<host>:<port>/);
    await current("iris");
    assert.equal(state("bare"), undefined);
  });

  it("points a node at something already running", async () => {
    const mapping = {
      deployment: "iris",
      predictor: "main",
      node: "model",
      host: "127.0.0.1",
      httpPort: 7_001,
      grpcPort: 7_002,
    };
    const { apply, current } = workloadsFor({}, [mapping, { ...mapping, node: "nobody" }]);
    const result = await apply(deploymentPlan("iris", [{ containers: [containerPlan("model", { command: [] })] }]));
    assert.deepEqual(codes(result), ["LocalEndpointUnused"]);
    const now = await current();
    assert.deepEqual(now.address, { host: "127.0.0.1", httpPort: 7_001, grpcPort: 7_002 });
    assert.deepEqual(now.processes, []);
  });

  it("names both containers that write the same port, and a port that is taken", async () => {
    const port = await pool.take();
    const literal = (name: string) => ({
      containers: [containerPlan(name, { command: ["node", "server.mjs", String(port)] }, [], port - 9_000)],
    });
    const { apply, current, workloads } = workloadsFor();
    await apply(deploymentPlan("iris", [literal("model")]));
    assert.equal((await current()).address.httpPort, port);
    const clash = await apply(
      deploymentPlan("a-second", [literal("copy")]),
      deploymentPlan("iris", [literal("model")]),
    );
    assert.deepEqual(codes(clash), ["LocalPortClash"]);
    assert.match(
      clash.problems[0]?.message ?? "",
      new RegExp(`default/iris/main/model and default/a-second/main/copy both write port ${port}`),
    );
    assert.match(clash.problems[0]?.hint ?? "", /\$\(PREDICTIVE_UNIT_HTTP_SERVICE_PORT\)/);
    const moved = await apply(deploymentPlan("a-second", [literal("copy")]));
    assert.deepEqual(codes(moved), []);
    assert.equal((await current("a-second")).address.httpPort, port);
    await workloads.close();

    const stranger = createServer().listen(port, "127.0.0.1");
    await once(stranger, "listening");
    const late = workloadsFor();
    assert.deepEqual(codes(await late.apply(deploymentPlan("iris", [literal("model")]))), ["LocalPortInUse"]);
    stranger.close();
  });

  it("replaces a container with a literal port old first", async () => {
    const port = await pool.take();
    const version = (value: string) =>
      deploymentPlan("iris", [
        { containers: [containerPlan("model", { args: [String(port)] }, [{ name: "V", value }], port - 9_000)] },
      ]);
    const { apply, current } = workloadsFor();
    await apply(version("1"));
    await current();
    await apply(version("2"));
    await current();
    assert.equal((await ask(port))?.env["V"], "2");
  });

  it("keeps the last good processes when an edit cannot run", async () => {
    const { apply, current } = workloadsFor();
    await apply(deploymentPlan("iris", [{}]));
    const first = await current();
    const missing = await apply(
      deploymentPlan("iris", [{ containers: [containerPlan("model", { command: ["no-such-program"] })] }]),
    );
    assert.deepEqual(codes(missing), ["LocalCommandNotFound"]);
    assert.match(missing.problems[0]?.message ?? "", /no-such-program/);
    const folder = await apply(
      deploymentPlan("iris", [{ containers: [containerPlan("model", { workingDir: "nowhere" })] }]),
    );
    assert.deepEqual(codes(folder), ["LocalCommandNotFound"]);
    assert.equal((await current()).revision, first.revision);
  });

  it("names fields that need a cluster, and leaves idle containers outside the graph out", async () => {
    const { apply, current } = workloadsFor();
    const model = containerPlan("model", { clusterOnly: ["volumeMounts"] }, [{ name: "TOKEN", from: "secretKeyRef" }]);
    const aside = containerPlan("aside", { command: [], inGraph: false }, [], 1);
    const result = await apply(deploymentPlan("iris", [{ containers: [model, aside] }]));
    assert.deepEqual(codes(result).sort(), ["LocalContainerNotRun", "LocalFieldIgnored", "LocalFieldIgnored"]);
    assert.equal((await current()).processes.length, 1);
  });

  it("moves to other ports when a stranger was faster", async () => {
    const stranger = createServer();
    const real = createPortPool();
    let first: number | undefined;
    const ports = {
      ...real,
      take: async () => {
        const port = await real.take();
        if (first === undefined) {
          first = port;
          stranger.listen(port, "127.0.0.1");
          await once(stranger, "listening");
        }
        return port;
      },
    };
    const { apply, current } = workloadsFor({ ports });
    await apply(deploymentPlan("iris", [{}]));
    assert.notEqual((await current()).address.httpPort, first);
    stranger.close();
  });
});
