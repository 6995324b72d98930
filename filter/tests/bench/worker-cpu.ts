import { readdirSync, readFileSync } from "node:fs";

/** Microseconds that Envoy's workers have run so far (Linux): the kernel counts nanoseconds for each thread. */
export function workerMicroseconds(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
  const workers = tasks.filter((task) => readFileSync(`${task}/comm`, "utf8").startsWith("wrk:worker"));
  if (workers.length === 0) throw new Error("Envoy has no worker");
  const nanoseconds = workers.map((task) => Number(readFileSync(`${task}/schedstat`, "utf8").split(" ")[0]));
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1000;
}
