// A model of the scenarios: says the same to every request, by REST and gRPC, on the ports that a container of Seldon's is told.
import { Counter } from "./counter.ts";
import { listenGrpc, makeGrpcServer } from "./grpc-server.ts";
import { makeRestServer } from "./rest-server.ts";
import { readSettings } from "./settings.ts";

/** Requests that are still unanswered this long after SIGTERM are given up. */
const DRAIN_MS = 5000;

const settings = readSettings(process.env);
const counter = new Counter(settings, (line) => process.stdout.write(line));
const rest = makeRestServer(settings, counter);
const grpc = makeGrpcServer(settings, counter);

// The hook before it (preStop) keeps SIGTERM away while somebody may still send requests.
process.once("SIGTERM", () => {
  rest.close();
  rest.closeIdleConnections();
  grpc.tryShutdown(() => undefined);
  setTimeout(() => process.exit(0), DRAIN_MS).unref();
});

if (settings.startDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, settings.startDelayMs));
await listenGrpc(grpc, settings.grpcPort);
rest.listen(settings.httpPort, "0.0.0.0", () => {
  process.stdout.write(`ready on ports ${settings.httpPort} and ${settings.grpcPort}\n`);
});
