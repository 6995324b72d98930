// The guard: a small process in a session of its own that outlives graphway by moments only. Its standard input is
// a pipe that graphway holds open; `add <pgid>` and `del <pgid>` lines keep its list of process groups. When
// the pipe ends, however graphway went, it ends every group on the list, what has left those groups, and then itself.
import { createInterface } from "node:readline";
import { endGroup, killMarked } from "./group.ts";

const graceMs = Number(process.argv[2] ?? 2_000);
/** The mark that every process of ours carries in its environment, `NAME=value`. */
const mark = process.argv[3];
const groups = new Set<number>();

// Only the end of the pipe may end the guard: a Ctrl-C or a signal meant for everything must not take it first.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGPIPE"] as const)
  process.on(signal, () => undefined);

const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
lines.on("line", (line) => {
  const [verb, text] = line.split(" ");
  const pgid = Number(text);
  // 0 and 1 would mean our own group and every process.
  if (!Number.isInteger(pgid) || pgid <= 1) return;
  if (verb === "add") groups.add(pgid);
  else if (verb === "del") groups.delete(pgid);
});
lines.on("close", () => {
  void Promise.all([...groups].map((pgid) => endGroup(pgid, graceMs))).then(() => {
    if (mark !== undefined) killMarked(mark);
    process.exit(0);
  });
});
// A broken pipe is an ended pipe.
process.stdin.on("error", () => {
  lines.close();
});
