// The least that anything between a client and a node must do: it moves the bytes, both ways, and reads none of them. Tells its
// port by IPC.
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

const nodePort = Number(process.argv[2]);

const relay = createServer({ noDelay: true }, (client) => {
  const node = connect({ port: nodePort, host: "127.0.0.1", noDelay: true });
  for (const [from, to] of [
    [client, node],
    [node, client],
  ] as const) {
    from.pipe(to);
    from.on("error", () => to.destroy());
  }
});
relay.listen(0, "127.0.0.1");
await once(relay, "listening");
process.send?.((relay.address() as AddressInfo).port);
process.on("disconnect", () => process.exit());
