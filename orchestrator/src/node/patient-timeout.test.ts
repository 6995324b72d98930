import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setImmediate, setTimeout as pause } from "node:timers/promises";
import { describe, it } from "node:test";
import { patientTimeout } from "./patient-timeout.ts";

/** What a process sees that gets no processor for so long. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("a patient timeout", () => {
  it("sees a connection that was there before the time was over, however late it looks", async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const seen: string[] = [];
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    t.after(() => socket.destroy());
    const stop = patientTimeout(50, () => seen.push("late"));
    socket.once("connect", () => {
      stop();
      seen.push("connected");
    });
    // The call to connect goes out first, as it does before a process loses its processor.
    await setImmediate();
    if (seen.length === 0) stall(100);
    await pause(50);
    assert.deepEqual(seen, ["connected"]);
  });

  it("calls back once when nothing comes", async () => {
    let calls = 0;
    await new Promise<void>((resolve) => {
      patientTimeout(5, () => {
        calls += 1;
        resolve();
      });
    });
    await pause(20);
    assert.equal(calls, 1);
  });

  it("is silent once it is stopped, also between the time and the look", async () => {
    let calls = 0;
    const stop = patientTimeout(1, () => (calls += 1));
    setTimeout(stop, 1);
    // Both are due when the loop comes to them, and it ends all that are due before it looks at the network.
    stall(5);
    await pause(20);
    assert.equal(calls, 0);
  });
});
