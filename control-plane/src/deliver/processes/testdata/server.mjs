// A model server for tests. What it does is said by its environment.
import { createServer } from "node:http";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers";

const port = Number(process.env.PORT_ARG ?? process.argv[2] ?? process.env.PREDICTIVE_UNIT_HTTP_SERVICE_PORT);
const readyAtMs = performance.now() + Number(process.env.READY_AFTER_MS ?? 0);
let healthy = true;
let ready = true;

if (process.env.SAY) console.error(process.env.SAY);
if (process.env.EXIT_AT_START) process.exit(Number(process.env.EXIT_AT_START));
if (process.env.IGNORE_TERM) process.on("SIGTERM", () => console.log("ignored SIGTERM"));
else process.on("SIGTERM", () => { console.log("got SIGTERM"); process.exit(0); });
if (process.env.CHILD) spawn(process.execPath, ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: "ignore" });

const server = createServer((request, response) => {
  if (request.url === "/ready") response.statusCode = ready && performance.now() >= readyAtMs ? 200 : 503;
  else if (request.url === "/live") response.statusCode = healthy ? 200 : 500;
  else if (request.url === "/fail-ready") ready = false;
  else if (request.url === "/fail-live") healthy = false;
  else if (request.url === "/die") setImmediate(() => { console.error("dying as asked"); process.exit(3); });
  else if (request.url?.startsWith("/write")) writeFileSync(new URL(request.url, "http://x").searchParams.get("file"), "written");
  response.end(JSON.stringify({ pid: process.pid, env: process.env, cwd: process.cwd(), args: process.argv.slice(2) }));
});
server.listen(port, "127.0.0.1", () => console.log(`listening on ${port}`));
