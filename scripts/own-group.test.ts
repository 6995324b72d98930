import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, describe, it } from "node:test";

const ownGroup = new URL("own-group.mjs", import.meta.url).href;
const parentPipe = new URL("../cli/parent-pipe.ts", import.meta.url).href;
const DEADLINE_MS = 30_000;

/** Says its pid, then each signal it gets; ends with 7 when its parent is gone, with 3 on SIGTERM. */
const CHILD = `
import { onParentGone } from ${JSON.stringify(parentPipe)};
onParentGone(() => { console.log("parent gone"); process.exit(7); });
process.on("SIGINT", () => console.log("SIGINT"));
process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(3); });
setInterval(() => {}, 1000);
console.log("child", process.pid, "GRAPHWAY_PARENT_FD" in process.env);
`;

function inline(program: string): readonly string[] {
  return ["--input-type=module", "-e", program];
}

function starter(child: string): string {
  return `
import { runInOwnGroup } from ${JSON.stringify(ownGroup)};
process.exitCode = await runInOwnGroup(process.execPath, ${JSON.stringify(inline(child))}, { sameSignalMs: 600_000 });
`;
}

/** A process whose lines on standard output can be waited for. */
class Watched {
  readonly process: ChildProcess;
  readonly lines: string[] = [];
  readonly #closed: Promise<unknown>;

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const plain = { ...process.env };
    delete plain["npm_command"];
    delete plain["npm_lifecycle_event"];
    this.process = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...plain, ...env } });
    assert.ok(this.process.stdout);
    const reader = createInterface({ input: this.process.stdout });
    reader.on("line", (line) => this.lines.push(line));
    this.#closed = once(reader, "close");
  }

  async waitFor(pattern: RegExp): Promise<string> {
    const end = performance.now() + DEADLINE_MS;
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      assert.ok(performance.now() < end, `no line ${String(pattern)} in ${this.lines.join(" | ")}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Resolves when everyone who could write to standard output is gone. */
  async allGone(): Promise<void> {
    const timeout = AbortSignal.timeout(DEADLINE_MS);
    await Promise.race([this.#closed, once(timeout, "abort").then(() => assert.fail("a process is left"))]);
  }
}

describe("a program under its starter", () => {
  const started: number[] = [];
  afterEach(() => {
    for (const pid of started.splice(0)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        continue; // gone, as it should be
      }
    }
  });

  async function start(watched: Watched): Promise<number> {
    if (watched.process.pid !== undefined) started.push(watched.process.pid);
    const line = await watched.waitFor(/^child \d+/);
    assert.match(line, /false$/, "the variable is not handed on");
    const pid = Number(line.split(" ")[1]);
    started.push(pid, watched.process.pid ?? 0);
    return pid;
  }

  it("gets a signal once, though it was sent twice, and its exit code is handed on", async () => {
    const watched = new Watched(process.execPath, inline(starter(CHILD)));
    await start(watched);
    watched.process.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 20)); // two signals, not one pending twice
    watched.process.kill("SIGINT");
    await watched.waitFor(/^SIGINT$/);
    watched.process.kill("SIGTERM");
    const [code] = (await once(watched.process, "exit")) as [number | null];
    assert.equal(code, 3);
    await watched.allGone();
    assert.deepEqual(watched.lines.slice(1), ["SIGINT", "SIGTERM"]);
  });

  it("hears of it when its starter is killed outright", async () => {
    const watched = new Watched(process.execPath, inline(starter(CHILD)));
    await start(watched);
    watched.process.kill("SIGKILL");
    await watched.allGone();
    assert.deepEqual(watched.lines.slice(1), ["parent gone"]);
  });

  it("hands on that a signal ended it", async () => {
    const watched = new Watched(process.execPath, inline(starter(CHILD)));
    process.kill(await start(watched), "SIGKILL");
    const [code] = (await once(watched.process, "exit")) as [number | null];
    assert.equal(code, 128 + 9);
  });

  it("does not begin when npm was killed before", async () => {
    const slow = `
const npm = process.ppid;
console.log("setting up", process.pid);
while (process.ppid === npm) await new Promise((resolve) => setTimeout(resolve, 10));
${starter(CHILD)}
console.log("ended with", process.exitCode);
`;
    const asNpm = `
import { spawn } from "node:child_process";
spawn(${JSON.stringify(process.execPath)}, ${JSON.stringify(inline(slow))}, { stdio: "inherit" });
setInterval(() => {}, 1000);
`;
    const watched = new Watched(process.execPath, inline(asNpm), { npm_lifecycle_event: "start" });
    if (watched.process.pid !== undefined) started.push(watched.process.pid);
    const line = await watched.waitFor(/^setting up \d+$/);
    started.push(Number(line.split(" ")[2]));
    watched.process.kill("SIGKILL");
    await watched.allGone();
    assert.deepEqual(watched.lines, [line, "ended with 143"]);
  });

  for (const [name, shell] of [
    ["npm", ""],
    ["npm, with a shell between them", "; exit $?"],
  ] as const) {
    it(`ends when ${name} is killed outright`, async () => {
      const asNpm = `
import { spawn } from "node:child_process";
const words = ${JSON.stringify([process.execPath, ...inline(starter(CHILD))])};
spawn("/bin/sh", ["-c", '"$@"${shell}', "sh", ...words], { stdio: "inherit" });
setInterval(() => {}, 1000);
`;
      const watched = new Watched(process.execPath, inline(asNpm), { npm_lifecycle_event: "start" });
      await start(watched);
      watched.process.kill("SIGKILL");
      await watched.allGone();
      assert.deepEqual(watched.lines.slice(1), ["SIGTERM"]);
    });
  }
});
