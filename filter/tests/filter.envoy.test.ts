import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { after, before, describe, test } from "node:test";
import { decide, randomFrom } from "#proto/route-table/decide.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { FilterEnvoy, poll } from "./envoy/envoy.ts";
import { type Seen, startUpstream, type Upstream } from "./envoy/upstream.ts";

const PATH = "/seldon/default/iris/api/v1.0/predictions";
const NAMES = ["main", "canary", "shadow", "fallback"];

const both = (cluster: string): { httpCluster: string; grpcCluster: string } => ({
  httpCluster: cluster,
  grpcCluster: cluster,
});
const table: RouteTable = {
  role: "gateway",
  generation: 1n,
  deployments: [
    {
      key: "default/iris",
      permits: { force: true, explain: true },
      predictors: [
        { name: "main", weight: 75, ...both("main") },
        { name: "canary", weight: 25, ...both("canary") },
      ],
      shadows: [{ name: "shadow", percent: 100, ...both("shadow") }],
    },
  ],
};
const allToCanary: RouteTable = {
  ...table,
  generation: 2n,
  deployments: [
    {
      key: "default/iris",
      permits: { force: false, explain: false },
      predictors: [{ name: "canary", weight: 1, ...both("canary") }],
      shadows: [],
    },
  ],
};

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

async function call(port: number, path: string, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
  const sent = request({ host: "127.0.0.1", port, path, headers, agent: false });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += chunk as string;
  return { status: response.statusCode, body };
}

describe("the filter in a real Envoy", { timeout: 120_000 }, () => {
  let upstreams: readonly Upstream[] = [];
  let running: FilterEnvoy | undefined;
  let filtered = 0;
  let stripped = 0;

  const seenBy = (name: string): Seen[] => upstreams.find((one) => one.name === name)?.seen ?? [];
  const forget = (): void => {
    for (const one of upstreams) one.seen.length = 0;
  };

  before(async () => {
    upstreams = await Promise.all(NAMES.map(startUpstream));
    const envoy = await FilterEnvoy.start(
      encodeRouteTable(table),
      Object.fromEntries(upstreams.map((one) => [one.name, one.port])),
    );
    running = envoy;
    [filtered, stripped] = [await envoy.portOf("filtered"), await envoy.portOf("stripped")];
  });
  after(async () => {
    await running?.stop();
    await Promise.all(upstreams.map((one) => one.stop()));
  });

  test("a request goes where the specification says, and every one is mirrored with a tag", async () => {
    forget();
    for (let index = 0; index < 40; index++) {
      const id = `id-${index}`;
      const expected = decide(
        table,
        [
          [":path", PATH],
          ["x-request-id", id],
        ],
        randomFrom(1),
      ).choice?.predictor.name;
      assert.deepEqual(await call(filtered, PATH, { "x-request-id": id }), { status: 200, body: expected });
    }
    assert.ok(seenBy("main").length > 20 && seenBy("canary").length > 2);
    const copies = await poll("40 copies", () =>
      Promise.resolve(seenBy("shadow").length === 40 ? seenBy("shadow") : undefined),
    );
    for (const { headers } of copies) {
      assert.equal(headers["x-graphway-shadow"], "1");
      assert.equal(headers["x-graphway-shadow-cluster-1"], undefined);
    }
    assert.ok(seenBy("main").every(({ headers }) => headers["x-graphway-shadow"] === undefined));
    assert.match(String(seenBy("main")[0]?.headers["x-graphway-route"]), /^1\.i\.[0-9a-f]{3}$/);
  });

  test("gRPC metadata names the deployment", async () => {
    const headers = {
      "content-type": "application/grpc",
      seldon: "iris",
      namespace: "default",
      "x-request-id": "id-0",
    };
    const byPath = await call(filtered, PATH, { "x-request-id": "id-0" });
    assert.deepEqual(await call(filtered, "/seldon.protos.Seldon/Predict", headers), byPath);
  });

  test("an unknown deployment takes Envoy's own route", async () => {
    assert.equal((await call(filtered, "/seldon/default/nobody/x")).body, "fallback");
  });

  test("a permitted force is obeyed and consumed, and explained", async () => {
    forget();
    const headers = {
      "x-graphway-force": "predictor=canary;router=1;shadow=off",
      "x-graphway-explain": "1",
      "x-request-id": "id-1",
    };
    assert.equal((await call(filtered, PATH, headers)).body, "canary");
    const [seen] = seenBy("canary");
    assert.ok(seen !== undefined);
    assert.equal(seen.headers["x-graphway-force"], undefined);
    assert.equal(seen.headers["x-graphway-explain"], undefined);
    assert.equal(seen.headers["x-graphway-branch"], "router=1");
    assert.match(String(seen.headers["x-graphway-decision"]), /^deployment=default\/iris;predictor=canary;by=forced;/);
  });

  const forged = {
    "x-graphway-cluster": "canary",
    "x-graphway-shadow-cluster-1": "shadow",
    "x-graphway-predictor": "evil",
    "x-graphway-branch": "r=1",
  };

  test("forged headers choose nothing and reach nobody: by the filter alone", async () => {
    forget();
    assert.equal((await call(filtered, "/elsewhere", forged)).body, "fallback");
    assert.equal(
      (await call(filtered, PATH, { ...forged, "x-request-id": "id-0", "x-graphway-force": "predictor=main" })).body,
      "main",
    );
    for (const { headers } of [...seenBy("fallback"), ...seenBy("main")]) {
      assert.notEqual(headers["x-graphway-predictor"], "evil");
      assert.equal(headers["x-graphway-branch"], undefined);
    }
    assert.equal(seenBy("canary").length, 0);
  });

  test("forged headers choose nothing and reach nobody: without the filter", async () => {
    forget();
    assert.equal((await call(stripped, "/elsewhere", forged)).body, "fallback");
    const ours = Object.keys(seenBy("fallback")[0]?.headers ?? {}).filter((name) => name.startsWith("x-graphway-"));
    assert.deepEqual(ours, []);
    assert.equal(seenBy("canary").length + seenBy("shadow").length, 0);
  });

  test("a prediction is retried, feedback is not", async () => {
    forget();
    const force = { "x-graphway-force": "predictor=main" };
    assert.equal((await call(filtered, `${PATH}?fail`, force)).status, 503);
    assert.equal(seenBy("main").length, 3);
    forget();
    assert.equal((await call(filtered, "/seldon/default/iris/api/v1.0/feedback?fail", force)).status, 503);
    assert.equal(seenBy("main").length, 1);
    assert.equal(seenBy("shadow").length, 0);
  });

  test("a damaged table is refused and the last one stays; a good one takes over", async () => {
    const envoy = running;
    assert.ok(envoy !== undefined);
    const damaged = encodeRouteTable(allToCanary);
    damaged[damaged.length - 1] = 0;
    await envoy.push(damaged);
    await poll("the refusal", async () => ((await envoy.stat("config_fail")) > 0 ? true : undefined));
    const headers = { "x-graphway-force": "predictor=main" };
    assert.equal((await call(filtered, PATH, headers)).body, "main");
    await envoy.push(encodeRouteTable(allToCanary));
    await poll("the new table", async () =>
      (await call(filtered, PATH, headers)).body === "canary" ? true : undefined,
    );
    assert.doesNotMatch(envoy.log, /unreachable|RuntimeError|restricted_callback/);
  });
});
