// The load: a closed loop per connection, in a process of its own. Takes jobs by IPC and answers each with its figures.
import { loadGrpc } from "./load-grpc.ts";
import { loadRest } from "./load-rest.ts";
import type { LoadJob } from "./load-job.ts";

process.on("message", (job: LoadJob) => {
  const load = job.transport === "rest" ? loadRest : loadGrpc;
  load(job).then(
    (figures) => process.send?.(figures),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on("disconnect", () => process.exit());
