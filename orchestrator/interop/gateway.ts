import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** What stands before an orchestrator: takes `/seldon/<namespace>/<deployment>` off each path. */
export async function startGateway(port: number): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? "").replace(/^\/seldon\/[^/]+\/[^/]+/, "");
    const { method, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      const closed = once(server, "close");
      server.close();
      await closed;
    },
  };
}
