import type { Container, IntOrString } from "../../plan/workload-plan.ts";

type Port = NonNullable<Container["ports"]>[number];
type Probe = NonNullable<Container["readinessProbe"]>;
type Hook = NonNullable<NonNullable<Container["lifecycle"]>["preStop"]>;

function keyOf({ containerPort, protocol = "TCP" }: Port): string {
  return `${containerPort}/${protocol}`;
}

/** Scrapers find a container by the name of its metrics port, so among names of one number that one stays. */
function isMetrics({ name = "" }: Port): boolean {
  return name.startsWith("metrics");
}

/** One port per number and protocol. */
function mergePorts(ports: readonly Port[]): readonly Port[] {
  const kept = new Map<string, Port>();
  for (const port of ports) {
    const key = keyOf(port);
    const known = kept.get(key);
    if (known === undefined || (isMetrics(port) && !isMetrics(known))) kept.set(key, port);
  }
  return [...kept.values()];
}

type Resolve = (port: IntOrString) => IntOrString;

function withPorts<T extends Probe | Hook>(action: T, resolve: Resolve): T {
  const { httpGet, tcpSocket } = action;
  return {
    ...action,
    ...(httpGet === undefined ? {} : { httpGet: { ...httpGet, port: resolve(httpGet.port) } }),
    ...(tcpSocket === undefined ? {} : { tcpSocket: { ...tcpSocket, port: resolve(tcpSocket.port) } }),
  };
}

const PROBES = ["livenessProbe", "readinessProbe", "startupProbe"] as const;
const HOOKS = ["postStart", "preStop"] as const;

function withMergedPorts(container: Container, ports: readonly Port[]): Container {
  const names = new Set(ports.map((port) => port.name));
  const numbers = new Map((container.ports ?? []).map((port) => [port.name, port.containerPort]));
  const resolve: Resolve = (port) => (typeof port === "number" || names.has(port) ? port : (numbers.get(port) ?? port));
  const probes = PROBES.flatMap((name) => {
    const probe = container[name];
    return probe === undefined ? [] : [[name, withPorts(probe, resolve)] as const];
  });
  const hooks = HOOKS.flatMap((name) => {
    const hook = container.lifecycle?.[name];
    return hook === undefined ? [] : [[name, withPorts(hook, resolve)] as const];
  });
  const lifecycle = hooks.length === 0 ? {} : { lifecycle: { ...container.lifecycle, ...Object.fromEntries(hooks) } };
  return { ...container, ports, ...Object.fromEntries(probes), ...lifecycle };
}

/** The last of each key, as a pod takes them; the list itself where nothing stands twice. */
function lastOfEach<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  const last = new Map(items.map((one) => [key(one), one]));
  return last.size === items.length ? items : items.filter((one) => last.get(key(one)) === one);
}

/**
 * A container as server-side apply takes it, which refuses lists that say a key twice: variables by name, mounts by
 * path, ports by number and protocol. Of ports with one number the metrics port stays, and probes that name another
 * name its number.
 */
export function applicable(container: Container): Container {
  const { env, ports, volumeMounts } = container;
  const variables = env === undefined ? undefined : lastOfEach(env, (one) => one.name);
  const mounts = volumeMounts === undefined ? undefined : lastOfEach(volumeMounts, (one) => one.mountPath);
  const merged = ports === undefined ? undefined : mergePorts(ports);
  const isFit = variables === env && mounts === volumeMounts && merged?.length === ports?.length;
  if (isFit) return container;
  const lists = {
    ...(variables === undefined ? {} : { env: variables }),
    ...(mounts === undefined ? {} : { volumeMounts: mounts }),
  };
  const fit = { ...container, ...lists };
  return merged === undefined || merged.length === ports?.length ? fit : withMergedPorts(fit, merged);
}
