import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, test } from "node:test";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { call } from "./envoy/call.ts";
import { poll } from "./envoy/envoy.ts";
import { useRig } from "./envoy/rig.ts";
import { allTo, PATH, table } from "./envoy/tables.ts";

describe("tables pushed to a real Envoy", { timeout: 600_000 }, () => {
  const { envoy, filtered, seenBy } = useRig();

  test("tables come and go under load while a stream holds the first: every answer is right, and a table rolled back is in force", async () => {
    const running = envoy();
    const pinned = request({ host: "127.0.0.1", port: filtered(), path: `${PATH}?hang`, agent: false });
    pinned.on("error", () => undefined).end();
    await poll("the held stream", () =>
      Promise.resolve(
        [...seenBy("main"), ...seenBy("canary")].some(({ url }) => url.includes("hang")) ? true : undefined,
      ),
    );
    let isLoaded = true;
    let answers = 0;
    const load = async (): Promise<void> => {
      while (isLoaded) {
        const { status, body } = await call(filtered(), PATH);
        assert.equal(status, 200);
        assert.ok(body === "main" || body === "canary", body);
        answers += 1;
      }
    };
    const loads = Promise.all([load(), load(), load()]);
    try {
      for (let push = 0; push < 20; push++) {
        const predictor = push % 2 === 0 ? "canary" : "main";
        await running.push(encodeRouteTable(allTo(predictor, BigInt(push + 2))));
        await poll(`push ${push}`, async () => ((await call(filtered(), PATH)).body === predictor ? true : undefined));
        for (let index = 0; index < 5; index++) assert.equal((await call(filtered(), PATH)).body, predictor);
      }
      await running.push(encodeRouteTable({ ...table, generation: 100n }));
      await poll("the first table", async () =>
        (await call(filtered(), PATH, { "x-graphway-force": "predictor=canary;r=1" })).body === "canary"
          ? true
          : undefined,
      );
    } finally {
      isLoaded = false;
      pinned.destroy();
      await loads;
    }
    assert.ok(answers > 20, `${answers} answers`);
    assert.equal(await running.stat("config_fail"), 0);
  });

  test("a damaged table is refused and the last one stays; a good one takes over", async () => {
    const running = envoy();
    const damaged = encodeRouteTable(allTo("canary", 200n));
    damaged[damaged.length - 1] = 0;
    await running.push(damaged);
    await poll("the refusal", async () => ((await running.stat("config_fail")) > 0 ? true : undefined));
    const headers = { "x-graphway-force": "predictor=main" };
    assert.equal((await call(filtered(), PATH, headers)).body, "main");
    await running.push(encodeRouteTable(allTo("canary", 200n)));
    await poll("the new table", async () =>
      (await call(filtered(), PATH, headers)).body === "canary" ? true : undefined,
    );
    assert.doesNotMatch(running.log, /unreachable|RuntimeError|restricted_callback/);
  });
});
