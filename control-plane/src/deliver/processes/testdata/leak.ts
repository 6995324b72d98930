// Starts guarded processes, says which, and then waits to be killed.
import { fileURLToPath } from "node:url";
import { startGuard } from "../guard.ts";
import { createPortPool } from "../ports.ts";

const guard = startGuard(500);
const ports = createPortPool();
const script = fileURLToPath(new URL("./server.mjs", import.meta.url));
const found: { pid: number; port: number }[] = [];
for (const extra of [{}, { IGNORE_TERM: "1" }, { CHILD: "1" }]) {
  const port = await ports.take();
  const env = { ...extra, PORT_ARG: String(port), PATH: process.env["PATH"] ?? "" };
  const listening = Promise.withResolvers<undefined>();
  const child = guard.spawn(
    { command: [process.execPath, script], cwd: "/", env },
    {
      onLine: (_stream, line) => {
        if (line.startsWith("listening")) listening.resolve(undefined);
      },
    },
  );
  await listening.promise;
  found.push({ pid: child.pid ?? 0, port });
}
// One that leaves its group and session.
if (process.platform === "linux") {
  const { exited } = guard.spawn({ command: ["/usr/bin/setsid", "sleep", "300"], cwd: "/", env: { PATH: "/bin:/usr/bin", LEAK_MARK: process.argv[2] ?? "" } });
  await exited;
}
// One more that is being started at the very moment of the kill.
guard.spawn({ command: ["/bin/sleep", "300"], cwd: "/", env: { LEAK_MARK: process.argv[2] ?? "" } });
process.stdout.write(`${JSON.stringify({ guard: guard.pid, found })}\n`);
if (process.argv[3] === "die") process.kill(process.pid, "SIGKILL");
setInterval(() => undefined, 1_000);
