import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planFor } from "./plans-for-tests.ts";
import { PUBLIC, CALLER, longRule, istioObject, setUp } from "./tables-rig-for-tests.ts";

describe("how many proxies have taken in a deployment", () => {
  it("is not known while nobody asks for a table with it", () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.tables.begin();
    here.subscribe(1, CALLER, "outbound");
    assert.equal(here.tables.programmed("models/iris"), undefined);
    assert.equal(here.tables.programmed("models/nobody"), undefined);
  });

  it("counts tables that say the newest of it, not only the newest tables", async () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.look(planFor("models/other"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    here.subscribe(2, PUBLIC, "gateway");
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 0, subscribed: 2 });
    here.ack(1, PUBLIC, "gateway");
    here.ack(2, PUBLIC, "gateway");
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 2, subscribed: 2 });
    await here.clock.advance(2000);
    here.told.length = 0;
    here.look(planFor("models/other", {}, { main: 1, canary: 2 }));
    await here.clock.advance(2000);
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 2, subscribed: 2 });
    assert.deepEqual(here.tables.programmed("models/other"), { accepted: 0, subscribed: 2 });
    assert.deepEqual([...new Set(here.told)], ["models/other"]);
    here.ack(2, PUBLIC, "gateway");
    assert.deepEqual(here.tables.programmed("models/other"), { accepted: 1, subscribed: 2 });
    here.say(1, PUBLIC, { kind: "disconnect" });
    assert.deepEqual(here.tables.programmed("models/other"), { accepted: 1, subscribed: 1 });
  });

  it("counts again when another gateway is meant", async () => {
    const here = setUp({});
    const gateways = (istio: string) => [istioObject("istio-system/public", { selector: { istio } })];
    here.setObjects({ gateways: gateways("other") });
    here.look(planFor("models/iris"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    here.ack(1, PUBLIC, "gateway");
    assert.equal(here.tables.programmed("models/iris"), undefined);
    here.setObjects({ gateways: gateways("ingressgateway") });
    await here.clock.advance(2000);
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 0, subscribed: 1 });
    here.ack(1, PUBLIC, "gateway");
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 1, subscribed: 1 });
  });

  it("has the words of who refused, on the deployments that the table has anew", async () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    here.ack(1, PUBLIC, "gateway");
    here.look(planFor("models/other"));
    await here.clock.advance(1000);
    here.nack(1, PUBLIC, "gateway", "no VM");
    const [problem] = here.tables.problemsOf("models/other");
    assert.equal(problem?.severity, "warning");
    assert.match(problem.message, /no VM/);
    assert.deepEqual(here.tables.problemsOf("models/iris"), []);
    here.look(planFor("models/other", {}, { main: 1, canary: 1 }));
    await here.clock.advance(1000);
    here.ack(1, PUBLIC, "gateway");
    assert.deepEqual(here.tables.problemsOf("models/other"), []);
  });

  it("is told that there is no room, and that there is again, whoever made it so", async () => {
    const here = setUp({ maxTableBytes: 1150 });
    const long = planFor("models/a", {}, { [`p${"x".repeat(900)}`]: 1 });
    here.look(planFor("models/iris"));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    here.look(long);
    await here.clock.advance(2000);
    assert.equal(here.keys(PUBLIC, "gateway"), "models/iris", "who is there stays");
    const [full] = here.tables.problemsOf("models/a");
    assert.equal(`${full?.code} ${full?.severity} ${full?.path}`, "FilterTableFull warning spec");
    here.told.length = 0;
    here.tables.forget("models/iris");
    await here.clock.advance(2000);
    assert.equal(here.keys(PUBLIC, "gateway"), "models/a");
    assert.deepEqual(here.tables.problemsOf("models/a"), []);
    assert.ok(here.told.includes("models/a"));
  });

  it("does not count who has the version before, for which alone there is room", async () => {
    const here = setUp({ maxTableBytes: 1150 });
    const long = { [`p${"x".repeat(700)}`]: 1 };
    here.look(planFor("models/iris"));
    here.look(planFor("models/other", {}, long));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    here.ack(1, PUBLIC, "gateway");
    assert.equal(here.keys(PUBLIC, "gateway"), "models/iris models/other");
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 1, subscribed: 1 });
    const grown = planFor("models/iris", { rules: [longRule(700)] });
    here.look(grown);
    await here.clock.advance(2000);
    assert.deepEqual(
      here.tables.problemsOf("models/iris").map(({ code }) => code),
      ["FilterTableFull"],
    );
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 0, subscribed: 1 });
    here.look(planFor("models/another"));
    await here.clock.advance(2000);
    here.nack(1, PUBLIC, "gateway", "no VM");
    assert.deepEqual(
      here.tables.problemsOf("models/iris").map(({ code }) => code),
      ["FilterTableFull"],
    );
    here.ack(1, PUBLIC, "gateway");
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 0, subscribed: 1 });
    assert.deepEqual(here.tables.programmed("models/other"), { accepted: 1, subscribed: 1 });
    here.tables.forget("models/other");
    await here.clock.advance(2000);
    assert.deepEqual(here.tables.problemsOf("models/iris"), []);
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 0, subscribed: 1 });
    here.told.length = 0;
    here.ack(1, PUBLIC, "gateway");
    assert.deepEqual(here.tables.programmed("models/iris"), { accepted: 1, subscribed: 1 });
    await here.clock.advance(2000);
    assert.ok(here.told.includes("models/iris"));
  });

  it("is told of what a table leaves out", () => {
    const here = setUp();
    here.look(planFor("models/iris"));
    here.look(planFor("models/bad", { split: [{ predictor: "main", weight: 0 }] }));
    here.tables.begin();
    here.subscribe(1, PUBLIC, "gateway");
    assert.equal(here.keys(PUBLIC, "gateway"), "models/iris");
    assert.deepEqual(
      here.tables.problemsOf("models/bad").map(({ code, severity }) => [code, severity]),
      [["FilterTableUnfit", "warning"]],
    );
  });
});
