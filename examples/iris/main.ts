import { env } from "node:process";
import type { Parameter } from "./component.ts";
import { makeComponent } from "./components.ts";
import { serveNode } from "./node-server.ts";

const GRACE_MS = 5000;

/** Serves the component of a name until SIGTERM. The environment is that of a container of Seldon's. */
export async function main(component: string): Promise<void> {
  const parameters = JSON.parse(env["PREDICTIVE_UNIT_PARAMETERS"] ?? "[]") as readonly Parameter[];
  const identity = { name: env["PREDICTIVE_UNIT_ID"] ?? component, image: env["PREDICTIVE_UNIT_IMAGE"] ?? "" };
  const ports = {
    http: Number(env["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"] ?? 9000),
    grpc: Number(env["PREDICTIVE_UNIT_GRPC_SERVICE_PORT"] ?? 9500),
  };

  const node = await serveNode(makeComponent(component, parameters), identity, ports, env["HOST"] ?? "127.0.0.1");
  console.log(`${identity.name}: ${component} on http ${node.ports.http}, grpc ${node.ports.grpc}`);

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      void node.close(GRACE_MS).then(() => {
        process.exit(0);
      });
    });
  }
}
