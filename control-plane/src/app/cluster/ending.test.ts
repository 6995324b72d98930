import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEnding } from "./ending.ts";

interface Fakes {
  readonly begun?: Promise<void>;
  readonly stop?: () => Promise<void>;
  readonly graceMs?: number;
}

/** An ending that writes down what is said, and resolves `ended` with the first exit code. */
function ending({ begun = Promise.resolve(), stop = () => Promise.resolve(), graceMs = 3_600_000 }: Fakes) {
  const ended = Promise.withResolvers<number>();
  const said: string[] = [];
  const say = (level: string) => (about: unknown, text?: string) =>
    void said.push(`${level} ${typeof about === "string" ? about : (text ?? "")}`);
  const end = createEnding({
    controlPlane: { begun, stop },
    stopTimeoutMs: 0,
    graceMs,
    log: { info: say("info"), error: say("error"), fatal: say("fatal") },
    exit: ended.resolve,
  });
  return { end, said, code: ended.promise };
}

describe("the end of a control plane's process", () => {
  it("comes with a clear word and code 1 where it can't begin, in good order", async () => {
    const { end, said, code } = ending({ begun: Promise.reject(new Error("no table")) });
    await end.unlessBegun();
    assert.equal(await code, 1);
    assert.deepEqual(said, ["fatal the control plane could not begin, so it ends: no table", "info stopped"]);
  });

  it("does not come where it begins", async () => {
    const { end, said } = ending({});
    await end.unlessBegun();
    assert.deepEqual(said, []);
  });

  it("comes with code 0 after one signal", async () => {
    const { end, said, code } = ending({});
    end.onSignal("SIGTERM");
    assert.equal(await code, 0);
    assert.deepEqual(said, ["info stopping", "info stopped"]);
  });

  it("comes at once after two, and with code 1 where stopping fails or takes too long", async () => {
    const never = (): Promise<void> => new Promise(() => undefined);
    const twice = ending({ stop: never, graceMs: 1 });
    twice.end.onSignal("SIGTERM");
    twice.end.onSignal("SIGTERM");
    assert.equal(await twice.code, 1);
    const failing = ending({ stop: () => Promise.reject(new Error("no")) });
    failing.end.onSignal("SIGTERM");
    assert.equal(await failing.code, 1);
    const slow = ending({ stop: never, graceMs: 1 });
    slow.end.onSignal("SIGTERM");
    assert.equal(await slow.code, 1);
    assert.deepEqual(slow.said, ["info stopping", "error stopping took too long"]);
  });
});
