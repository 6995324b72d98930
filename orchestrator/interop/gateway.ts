import { createServer, request } from "node:http";
import { listen, type Listening } from "./listening.ts";

/** What stands before an orchestrator: takes `/seldon/<namespace>/<deployment>` off each path. */
export function startGateway(port: number): Promise<Listening> {
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? "").replace(/^\/seldon\/[^/]+\/[^/]+/, "");
    const { method, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  return listen(server);
}
