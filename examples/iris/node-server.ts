import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { ServerCredentials } from "@grpc/grpc-js";
import type { Component } from "./component.ts";
import { makeGrpcServer } from "./grpc-server.ts";
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
  const grpc = makeGrpcServer(methods, identity);
  const grpcPort = await promisify(grpc.bindAsync.bind(grpc))(
    `${host}:${ports.grpc}`,
    ServerCredentials.createInsecure(),
  );

  const close = async (graceMs: number): Promise<void> => {
    const drained = Promise.all([
      new Promise<void>((resolve) => {
        rest.close(() => {
          resolve();
        });
        rest.closeIdleConnections();
      }),
      new Promise<void>((resolve) => {
        grpc.tryShutdown(() => {
          resolve();
        });
      }),
    ]);
    const timer = setTimeout(() => {
      rest.closeAllConnections();
      grpc.forceShutdown();
    }, graceMs);
    await drained;
    clearTimeout(timer);
  };
  return { ports: { http: (rest.address() as AddressInfo).port, grpc: grpcPort }, close };
}
