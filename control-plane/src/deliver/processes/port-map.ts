import type { ContainerPlan, EnvVar } from "../../plan/deployment-plan.ts";

/** Variables that carry a port, and the name of the container port they carry. */
const PORT_VARIABLES: Readonly<Record<string, "http" | "grpc" | "metrics">> = {
  PREDICTIVE_UNIT_HTTP_SERVICE_PORT: "http",
  PREDICTIVE_UNIT_GRPC_SERVICE_PORT: "grpc",
  PREDICTIVE_UNIT_METRICS_SERVICE_PORT: "metrics",
  MLSERVER_HTTP_PORT: "http",
  MLSERVER_GRPC_PORT: "grpc",
  MLSERVER_METRICS_PORT: "metrics",
};
/** Carries the HTTP or the gRPC port, whichever the graph calls. */
const SERVICE_PORT = "PREDICTIVE_UNIT_SERVICE_PORT";

/** Port numbers of the plan -> ports of this machine, for one container. */
export type PortMap = ReadonlyMap<number, number>;

/** The port numbers that a container has in the plan, each once. */
export function plannedPorts(container: ContainerPlan): readonly number[] {
  return [...new Set(container.ports.map((port) => port.containerPort))];
}

/** The plan's number of a container port, by name. */
export function portNamed(container: ContainerPlan, name: string): number | undefined {
  return container.ports.find((port) => port.name === name)?.containerPort;
}

/** A port number of the plan as it is on this machine; numbers that the container does not declare stay. */
export function localPort(container: ContainerPlan, ports: PortMap, port: number | string): number {
  const planned = typeof port === "number" ? port : (portNamed(container, port) ?? Number(port));
  return ports.get(planned) ?? planned;
}

/** The container's variables with those that carry ports set to the ports of this machine. */
export function withLocalPorts(container: ContainerPlan, ports: PortMap): readonly EnvVar[] {
  return container.env.map((one) => {
    const role = portRole(container, one);
    const planned = role === undefined ? undefined : portNamed(container, role);
    return planned === undefined ? one : { name: one.name, value: String(ports.get(planned) ?? planned) };
  });
}

/** True for the variables that this module sets. */
export function carriesPort(name: string): boolean {
  return name === SERVICE_PORT || name in PORT_VARIABLES;
}

function portRole(container: ContainerPlan, one: EnvVar): "http" | "grpc" | "metrics" | undefined {
  if (one.name !== SERVICE_PORT) return PORT_VARIABLES[one.name];
  return "value" in one && one.value === String(portNamed(container, "grpc") ?? "") ? "grpc" : "http";
}

/**
 * The planned ports that the manifest writes as plain numbers, so that the process will bind just those: in `command`
 * and `args` wherever the number stands alone (`--port 9000`, `--port=9000`, `-p9000`, `0.0.0.0:9000`), and in a
 * variable of the user's whose whole value is the number. `${PORT:-9000}` and `9000.5` do not count. A number that
 * means something else is honoured too: the process then simply gets that port.
 */
export function literalPorts(container: ContainerPlan): readonly number[] {
  const words = [...container.command, ...container.args];
  const values = container.env.flatMap((one) => ("value" in one && !carriesPort(one.name) ? [one.value.trim()] : []));
  return plannedPorts(container).filter((port) => {
    const alone = new RegExp(`(?<![\\w.-])${port}(?![\\w.-])`);
    const glued = new RegExp(`^-[A-Za-z]${port}$`);
    return words.some((word) => alone.test(word) || glued.test(word)) || values.includes(String(port));
  });
}
