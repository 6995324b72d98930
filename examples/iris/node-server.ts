import type { AddressInfo } from "node:net";
import { listenForFirst } from "../../proto/grpc/first-connection.ts";
import type { Component } from "./component.ts";
import type { GrpcNode } from "./grpc-server.ts";
import { makeMethods, type NodeIdentity } from "./node-methods.ts";
import { makeRestServer } from "./rest-server.ts";

/** Where a node listens; 0 takes any free port. */
export interface NodePorts {
  readonly http: number;
  readonly grpc: number;
}

export interface RunningNode {
  readonly ports: NodePorts;
  /** Takes no more calls and resolves when those in flight are answered, or after `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** Serves one component over REST and gRPC on `host`. Rejects when a port can't be bound. */
export async function serveNode(
  component: Component,
  identity: NodeIdentity,
  ports: NodePorts,
  host: string,
): Promise<RunningNode> {
  const methods = makeMethods(component, identity);
  const rest = makeRestServer(methods, identity);
  await new Promise<void>((resolve, reject) => {
    rest.once("error", reject);
    rest.listen(ports.http, host, resolve);
  });
  // Loaded by the first gRPC client: most graphs of the example never have one.
  let grpc: Promise<GrpcNode> | undefined;
  const listener = await listenForFirst(
    { host, port: ports.grpc },
    async () => {
      grpc = import("./grpc-server.ts").then((module) => module.makeGrpcNode(methods, identity));
      return (await grpc).inject;
    },
    (error) => {
      console.error(error);
    },
  );

  const close = async (graceMs: number): Promise<void> => {
    listener.server.close();
    const served = await grpc;
    const drained = Promise.all([
      new Promise<void>((resolve) => {
        rest.close(() => {
          resolve();
        });
        rest.closeIdleConnections();
      }),
      served?.drain(),
    ]);
    const timer = setTimeout(() => {
      rest.closeAllConnections();
      served?.end();
    }, graceMs);
    await drained;
    clearTimeout(timer);
  };
  return { ports: { http: (rest.address() as AddressInfo).port, grpc: listener.port }, close };
}
