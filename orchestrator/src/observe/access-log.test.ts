import assert from "node:assert/strict";
import { it } from "node:test";
import { AccessLog, type AccessEntry } from "./access-log.ts";
import { createLog } from "./log.ts";

const ENTRY: AccessEntry = {
  puid: "p",
  transport: "rest",
  path: "predictions",
  status: "200",
  durationMs: 1.23456,
  routing: "r=1",
  shadow: false,
  traceId: "",
  error: "",
};

function bed(share: number, random: () => number = Math.random) {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", {}, (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  return { lines, access: new AccessLog(log, share, random) };
}

it("logs the share of requests that it is asked for", () => {
  let turn = 0;
  const { access } = bed(0.25, () => (turn++ % 100) / 100);
  const taken = Array.from({ length: 100 }, () => access.takes()).filter(Boolean);
  assert.equal(taken.length, 25);
});

it("says what an operator asks first, in texts of bounded length", () => {
  const { access, lines } = bed(1);
  access.write({ ...ENTRY, puid: "x".repeat(10_000), traceId: "t", shadow: true, error: "why" });
  const { time, ...line } = lines[0] ?? {};
  assert.ok(Number.isFinite(Date.parse(String(time))));
  const puid = `${"x".repeat(256)}…`;
  const said = { level: "info", puid, transport: "rest", path: "predictions", status: "200", duration_ms: 1.235 };
  assert.deepEqual(line, { ...said, routing: "r=1", shadow: true, trace_id: "t", error: "why", msg: "request" });
});

it("writes a hundred lines a second at most, and says how many it left out", () => {
  const { access, lines } = bed(1);
  let taken = 0;
  for (let i = 0; i < 1000; i += 1) if (access.takes()) taken += 1;
  // A second may have ended in between.
  assert.ok(taken >= 100 && taken <= 200, String(taken));
  access.write(ENTRY);
  assert.equal(lines[0]?.["left_out"], 1000 - taken);
  access.write(ENTRY);
  assert.equal(lines[1]?.["left_out"], undefined);
});
