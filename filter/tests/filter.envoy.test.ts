import assert from "node:assert/strict";
import { createHash } from "node:crypto";
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
const SECRET = "open sesame";
const sha256 = createHash("sha256").update(SECRET).digest("hex");
const anyone = [{ kind: "anyone" }] as const;
const nothingElse = { stickyKeys: [], rules: [], shadows: [] } as const;
const shadow = { name: "shadow", percent: 100, conditions: [], beside: [], ...both("shadow") } as const;
const table: RouteTable = {
  role: "gateway",
  generation: 1n,
  deployments: [
    {
      key: "default/iris",
      permits: { force: anyone, explain: anyone },
      ...nothingElse,
      predictors: [
        { name: "main", weight: 75, ...both("main") },
        { name: "canary", weight: 25, ...both("canary") },
      ],
      shadows: [shadow],
    },
    {
      key: "default/guarded",
      permits: {
        force: [{ kind: "secret", sha256 }],
        explain: [{ kind: "claim", header: "x-jwt-role", value: "admin" }],
      },
      stickyKeys: [
        { kind: "header", name: "x-user" },
        { kind: "cookie", name: "graphway-split", issue: { attributes: "; Path=/seldon/default/guarded/; HttpOnly" } },
      ],
      predictors: [
        { name: "main", weight: 50, ...both("main") },
        { name: "canary", weight: 50, ...both("canary") },
      ],
      rules: [
        {
          name: "beta",
          conditions: [{ on: "header", name: "x-segment", test: { kind: "prefix", text: "beta" } }],
          percent: 100,
          predictors: [{ name: "canary", weight: 1, ...both("canary") }],
        },
      ],
      shadows: [{ ...shadow, beside: ["canary"], maxBodyBytes: 10 }],
      defaultTimeoutMs: 5000,
      maxTimeoutMs: 8000,
    },
  ],
};
const allToCanary: RouteTable = {
  ...table,
  generation: 2n,
  deployments: [
    {
      key: "default/iris",
      permits: { force: [], explain: [] },
      ...nothingElse,
      predictors: [{ name: "canary", weight: 1, ...both("canary") }],
    },
  ],
};

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly cookies: readonly string[];
}

interface Sent {
  readonly body?: string;
  /** Without a length: sent in chunks. */
  readonly isChunked?: boolean;
}

/** What a call is answered; it is a GET unless it has a body. */
async function call(
  port: number,
  path: string,
  headers: OutgoingHttpHeaders = {},
  sending: Sent = {},
): Promise<Answer> {
  const length = sending.isChunked === true ? { "transfer-encoding": "chunked" } : {};
  const method = sending.body === undefined ? "GET" : "POST";
  const sent = request({ host: "127.0.0.1", port, path, method, headers: { ...headers, ...length }, agent: false });
  sent.end(sending.body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += chunk as string;
  return { status: response.statusCode, body, cookies: response.headers["set-cookie"] ?? [] };
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
      assert.deepEqual(await call(filtered, PATH, { "x-request-id": id }), {
        status: 200,
        body: expected,
        cookies: [],
      });
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

  const GUARDED = "/seldon/default/guarded/api/v1.0/predictions";
  const lastSeen = (): Seen => {
    const all = [...seenBy("main"), ...seenBy("canary")];
    assert.equal(all.length, 1);
    return all[0] as Seen;
  };

  test("a rule takes the requests that meet its conditions", async () => {
    forget();
    for (let index = 0; index < 10; index++)
      assert.equal((await call(filtered, GUARDED, { "x-segment": "beta-7", "x-user": `u${index}` })).body, "canary");
    assert.match(String(seenBy("canary")[0]?.headers["x-graphway-route"]), /^1\.s1\.[0-9a-f]{3}$/);
  });

  test("a new client gets a cookie, and comes back to the same predictor with it", async () => {
    for (let index = 0; index < 10; index++) {
      const first = await call(filtered, GUARDED);
      assert.equal(first.cookies.length, 1);
      const [, cookie = ""] =
        /^(graphway-split=[0-9a-f]{16}); Path=\/seldon\/default\/guarded\/; HttpOnly$/.exec(first.cookies[0] ?? "") ??
        [];
      assert.notEqual(cookie, "");
      const again = await call(filtered, GUARDED, { cookie });
      assert.deepEqual(again, { ...first, cookies: [] });
    }
    assert.deepEqual((await call(filtered, GUARDED, { "x-user": "1" })).cookies, []);
    assert.deepEqual((await call(filtered, PATH)).cookies, []);
    assert.deepEqual((await call(filtered, PATH, { "x-graphway-set-cookie": "evil=1" })).cookies, []);
  });

  test("only who shows the secret may force, only who has the claim may ask", async () => {
    const ask = { "x-graphway-force": "router=1", "x-graphway-explain": "1", "x-user": "1" };
    const branchAndDecision = async (more: OutgoingHttpHeaders): Promise<readonly boolean[]> => {
      forget();
      await call(filtered, GUARDED, { ...ask, ...more });
      const { headers } = lastSeen();
      assert.equal(headers["x-graphway-secret"], undefined);
      return [headers["x-graphway-branch"] === "router=1", headers["x-graphway-decision"] !== undefined];
    };
    assert.deepEqual(await branchAndDecision({}), [false, false]);
    assert.deepEqual(await branchAndDecision({ "x-graphway-secret": "wrong" }), [false, false]);
    assert.deepEqual(await branchAndDecision({ "x-graphway-secret": SECRET }), [true, false]);
    assert.deepEqual(await branchAndDecision({ "x-jwt-role": "admin" }), [false, true]);
    assert.deepEqual(await branchAndDecision({ "x-jwt-role": ["admin", "admin"] }), [false, false]);
  });

  test("a deadline is the client's within the deployment's", async () => {
    const deadline = async (said: OutgoingHttpHeaders): Promise<unknown> => {
      forget();
      await call(filtered, GUARDED, { "x-user": "1", ...said });
      return lastSeen().headers["x-graphway-timeout-ms"];
    };
    assert.equal(await deadline({}), "5000");
    assert.equal(await deadline({ "x-graphway-timeout-ms": "70" }), "70");
    assert.equal(await deadline({ "x-graphway-timeout-ms": "9000" }), "8000");
    assert.equal(await deadline({ "x-graphway-timeout-ms": "soon" }), "5000");
  });

  test("a shadow with a limit gets small bodies beside its predictor alone", async () => {
    const copies = async (more: OutgoingHttpHeaders, sending: Sent): Promise<boolean> => {
      forget();
      await call(filtered, GUARDED, more, sending);
      const marked = lastSeen().headers["x-graphway-shadow-cluster-1"] === "shadow";
      if (marked) await poll("the copy", () => Promise.resolve(seenBy("shadow").length === 1 ? true : undefined));
      return marked;
    };
    const beta = { "x-segment": "beta" };
    assert.ok(await copies(beta, {}), "without a body");
    assert.ok(await copies(beta, { body: "0123456789" }));
    assert.ok(!(await copies(beta, { body: "0123456789a" })), "too long");
    assert.ok(!(await copies(beta, { body: "0", isChunked: true })), "of unknown length");
    const force = { "x-graphway-force": "predictor=main", "x-graphway-secret": SECRET };
    assert.ok(!(await copies(force, {})), "beside another predictor");
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
