import { startStub, type StubReply } from "./stub-node.ts";

/** A stub node as a process of its own, to be stopped or killed: prints its ports, answers everything alike. */
const reply = JSON.parse(process.argv[2] ?? "{}") as StubReply;
const stub = await startStub(
  "stub",
  () => reply,
  () => {},
);
process.stdout.write(`${JSON.stringify({ httpPort: stub.httpPort, grpcPort: stub.grpcPort })}\n`);
