import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { groupAlive } from "./group.ts";
import { startGuard } from "./guard.ts";
import { isPortFree } from "./ports.ts";
import { isAlive, until } from "./testdata/poll.ts";

const LEAK = fileURLToPath(new URL("./testdata/leak.ts", import.meta.url));
const sh = (script: string) => ({
  command: ["/bin/sh", "-c", script] as const,
  cwd: "/",
  env: { PATH: "/bin:/usr/bin" },
});

/** Processes that carry a mark in their environment (Linux). */
function marked(mark: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "latin1").includes(`LEAK_MARK=${mark}`);
    } catch {
      return false;
    }
  });
}

describe("guard", () => {
  for (const moment of ["later", "at once"]) {
    it(`leaves no process and no port after kill -9 of its owner, ${moment}`, async () => {
      const mark = `${process.pid}-${moment.replace(" ", "-")}`;
      const owner = spawn(process.execPath, [LEAK, mark, moment === "later" ? "wait" : "die"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(createInterface({ input: owner.stdout }), "line")) as [string];
      const { guard, found } = JSON.parse(line) as { guard: number; found: { pid: number; port: number }[] };
      assert.equal(found.length, 3);
      if (moment === "later") {
        assert.ok(found.every((one) => isAlive(one.pid)));
        owner.kill("SIGKILL");
      }
      await until(() => found.every((one) => !groupAlive(one.pid)), "the end of all groups");
      await until(() => !groupAlive(guard), "the end of the guard");
      for (const one of found) assert.ok(await isPortFree(one.port), `port ${one.port}`);
      if (process.platform === "linux") assert.deepEqual(marked(mark), []);
    });
  }

  it("is not taken down by signals for everything, and replaced if it is killed", async () => {
    const guard = startGuard();
    const child = guard.spawn(sh("sleep 300"));
    const first = guard.pid ?? 0;
    if (process.platform === "linux") {
      // Handlers are there a moment after the start; the last of them is looked for.
      await until(() => catchesQuit(first), "handlers");
      for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) process.kill(first, signal);
      assert.ok(groupAlive(first));
    }
    process.kill(first, "SIGKILL");
    await until(() => guard.pid !== first && guard.pid !== undefined && groupAlive(guard.pid), "a new guard");
    assert.ok(groupAlive(child.pid ?? 0));
    await guard.close();
    assert.ok(!groupAlive(child.pid ?? 0));
  });

  it("tells how a program ended, with its output and odd variable names", async () => {
    const guard = startGuard();
    const lines: string[] = [];
    const onLine = (stream: string, line: string): unknown => lines.push(`${stream} ${line}`);
    const exit = await guard.spawn(sh("echo oops >&2; printf last; exit 7"), { onLine }).ended;
    assert.deepEqual(exit, { code: 7, signal: null });
    assert.deepEqual(lines.sort(), ["stderr oops", "stdout last"]);
    await guard.spawn({ command: ["/usr/bin/env"], cwd: "/", env: { "my.key": "a b" } }, { onLine }).ended;
    assert.ok(lines.includes("stdout my.key=a b"));
    await guard.close();
  });

  it("reports what cannot be started and never throws", async () => {
    const guard = startGuard();
    assert.match((await guard.spawn({ ...sh("true"), cwd: "/no/such" }).ended).error ?? "", /ENOENT/);
    assert.ok((await guard.spawn({ ...sh("true"), env: { A: "x\0y" } }).ended).error);
    assert.equal((await guard.spawn({ command: ["/no/such"], cwd: "/", env: {} }).ended).code, 127);
    await guard.close();
    await guard.close();
    assert.match((await guard.spawn(sh("true")).ended).error ?? "", /stopping/);
  });

  it("ends what a program leaves behind in its group", async () => {
    const guard = startGuard();
    const child = guard.spawn(sh("(trap '' TERM; sleep 300) & exit 0"), { leftoverGraceMs: 50 });
    assert.equal((await child.exited).code, 0);
    await child.ended;
    assert.ok(!groupAlive(child.pid ?? 0));
    await guard.close();
  });
});

/** Whether a process has a handler for SIGQUIT (Linux). */
function catchesQuit(pid: number): boolean {
  const mask = /SigCgt:\t([0-9a-f]+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "0";
  return (BigInt(`0x${mask}`) & 4n) !== 0n;
}
