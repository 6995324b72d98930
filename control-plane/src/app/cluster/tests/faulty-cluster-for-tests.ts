import { isDeepStrictEqual } from "node:util";
import { pino, type Logger } from "pino";
import { createApiClient, type OpenApiClient } from "../../../kubernetes-api/create-api-client.ts";
import { ApiUnreachable } from "../../../kubernetes-api/api-client.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../../kubernetes-api/tests/fake-api-server.ts";
import type { Admit } from "../../../kubernetes-api/tests/fake-store.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { startControlPlane, type ControlPlane } from "../control-plane.ts";
import { readSettings } from "../settings/read-settings.ts";
import type { Chapter } from "./story-for-tests.ts";
import { fastClock } from "./fast-clock-for-tests.ts";
import { startSimulatedControllers, type SimulatedControllers } from "./simulated-controllers-for-tests.ts";

export const NAMESPACE = "models";
const FASTER = 20;

/** One line of a control plane's log. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly err?: { readonly message: string };
}

/** A control plane that can be killed. */
export interface Victim {
  readonly controlPlane: ControlPlane;
  readonly log: readonly LogLine[];
  /** Resolves when the write came after which it was to die. */
  readonly died: Promise<void>;
  /** Nothing that it does reaches the API server any more. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly podName?: string;
  /** Dies right after so many writes. */
  readonly diesAfter?: number;
  /** By our own time. Default 15 seconds. */
  readonly callTimeoutMs?: number;
  /** How many times as fast as ours its time goes. */
  readonly factor?: number;
}

/** Everything that is to be the same in the end whatever happened on the way. */
export type Picture = ReadonlyMap<string, unknown>;

/** An API server, Kubernetes' controllers in short, and control planes that work in the namespace `models`. */
export interface FaultyCluster {
  readonly api: FakeApiServer;
  readonly controllers: SimulatedControllers;
  start(options?: StartOptions): Promise<Victim>;
  /** Writes a SeldonDeployment. */
  apply(name: string, spec: unknown): void;
  /** Writes it or, when the chapter has no spec, deletes it. */
  tell(name: string, chapter: Chapter): void;
  resource(name: string): KubernetesObject | undefined;
  statusOf(name: string): DeploymentStatus;
  /** True when the newest version is Available and nothing is on its way. */
  isSettled(name: string): boolean;
  settled(name: string, withinMs?: number): Promise<void>;
  picture(): Picture;
  /** Resolves when all is as in the picture. */
  becomes(picture: Picture, withinMs?: number): Promise<void>;
  stop(): Promise<void>;
}

interface DeploymentStatus {
  readonly state?: string;
  readonly description?: string;
  readonly observedGeneration?: number;
}

const KINDS = [
  RESOURCE.seldonDeployment,
  RESOURCE.deployment,
  RESOURCE.service,
  RESOURCE.horizontalPodAutoscaler,
  RESOURCE.podDisruptionBudget,
  RESOURCE.virtualService,
  RESOURCE.destinationRule,
];

export async function startFaultyCluster(admit?: Admit): Promise<FaultyCluster> {
  const api = await startFakeApiServer(admit === undefined ? {} : { admit });
  const controllers = startSimulatedControllers(api.objects, NAMESPACE);
  const usualClock = fastClock(FASTER);
  const running = new Set<Victim>();
  const keyOf = (name: string) => ({ namespace: NAMESPACE, name });
  const resource = (name: string) => api.objects.get(RESOURCE.seldonDeployment, keyOf(name));
  const statusOf = (name: string): DeploymentStatus => resource(name)?.["status"] ?? {};
  const isAtRest = (): boolean =>
    api.objects
      .list(RESOURCE.deployment, NAMESPACE)
      .every(({ metadata }) => metadata.deletionTimestamp === undefined && !hasUnroutedMark(metadata.annotations));
  const isSettled = (name: string): boolean =>
    statusOf(name).state === "Available" &&
    statusOf(name).observedGeneration === resource(name)?.metadata.generation &&
    isAtRest();
  const picture = (): Picture =>
    new Map(
      KINDS.flatMap((type) =>
        api.objects.list(type, NAMESPACE).map((one) => [`${one.kind}/${one.metadata.name}`, portrait(one)]),
      ),
    );
  function put(name: string, spec: unknown): void {
    const { apiVersion, kind } = RESOURCE.seldonDeployment;
    api.objects.put(RESOURCE.seldonDeployment, {
      ...resource(name),
      apiVersion,
      kind,
      metadata: { ...resource(name)?.metadata, ...keyOf(name), uid: `uid-of-${name}` },
      spec,
    });
  }

  return {
    api,
    controllers,
    async start(options = {}) {
      const clock = options.factor === undefined ? usualClock : fastClock(options.factor);
      const victim = await startVictim(api, clock, options);
      running.add(victim);
      return victim;
    },
    apply: put,
    tell: (name, { spec }) => {
      if (spec === undefined) api.objects.delete(RESOURCE.seldonDeployment, keyOf(name));
      else put(name, spec);
    },
    resource,
    statusOf,
    isSettled,
    settled: (name, within = 60_000) =>
      until(() => isSettled(name), { within, saw: () => [statusOf(name), [...picture().keys()]] }),
    picture,
    becomes: (wanted, within = 60_000) =>
      until(() => isDeepStrictEqual(picture(), wanted), { within, saw: () => differences(picture(), wanted) }),
    async stop() {
      await Promise.all([...running].map((one) => one.stop()));
      controllers.stop();
      await api.stop();
    },
  };
}

function hasUnroutedMark(annotations: Readonly<Record<string, string>> = {}): boolean {
  return annotations["graphway.dev/unrouted-at"] !== undefined;
}

const VOLATILE = new Set(["resourceVersion", "generation", "creationTimestamp", "managedFields", "uid", "finalizers"]);

/** An object without what is different at every run: identities, versions and times. */
function portrait(object: KubernetesObject): unknown {
  const metadata = Object.fromEntries(Object.entries(object.metadata).filter(([name]) => !VOLATILE.has(name)));
  const text = JSON.stringify({ ...object, metadata }, (name, value: unknown) => {
    if (name === "lastTransitionTime" || name === "lastUpdateTime") return undefined;
    return name === "observedGeneration" && object.kind === "Deployment" ? undefined : value;
  });
  const read = JSON.parse(text) as { readonly status?: { readonly conditions?: readonly { readonly type: string }[] } };
  return read;
}

function differences(have: Picture, want: Picture): unknown {
  const names = new Set([...have.keys(), ...want.keys()]);
  return [...names]
    .filter((name) => !isDeepStrictEqual(have.get(name), want.get(name)))
    .map((name) => ({ name, have: have.get(name) ?? "none", want: want.get(name) ?? "none" }));
}

const WRITES = ["apply", "create", "replace", "patch", "delete"] as const;

async function startVictim(api: FakeApiServer, clock: Clock, options: StartOptions): Promise<Victim> {
  const read = readSettings(
    [
      ...["--namespace=models", "--metrics-addr=127.0.0.1:0", "--xds-port=0", "--webhook=false", "--drain=1s"],
      ...(options.args ?? []),
    ],
    { ISTIO_ENABLED: "true", POD_NAMESPACE: NAMESPACE, POD_NAME: options.podName ?? "one" },
  );
  if (read.kind !== "settings") throw new Error(JSON.stringify(read));
  const death = Promise.withResolvers<undefined>();
  const life: Life = { isDead: false };
  const kill = (): void => {
    life.isDead = true;
    death.resolve(undefined);
  };
  const log: LogLine[] = [];
  const controlPlane = await startControlPlane(
    read.settings,
    logInto(log),
    (_, clientOptions) => {
      // By which the server's log tells processes apart.
      const headers = { "x-process": options.podName ?? "one" };
      const access = { ...api.access, credentials: () => Promise.resolve({ headers, tls: {} }) };
      const client = createApiClient({ ...clientOptions, access, callTimeoutMs: options.callTimeoutMs ?? 15_000 });
      return Promise.resolve(mortal(client, life, kill, options.diesAfter ?? Infinity));
    },
    clock,
  );
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= controlPlane.stop());
  return {
    controlPlane,
    log,
    died: death.promise,
    kill: () => {
      kill();
      return stop();
    },
    stop,
  };
}

interface Life {
  isDead: boolean;
}

/** May be otherwise after every wait. */
function isDead(life: Life): boolean {
  return life.isDead;
}

/** A client whose process ends after so many writes that change something: what it calls then never leaves it. */
function mortal(client: OpenApiClient, life: Life, kill: () => void, diesAfter: number): OpenApiClient {
  let writes = 0;
  const dead = (): Promise<never> => Promise.reject(new ApiUnreachable("this process is dead"));
  const guarded: Record<string, unknown> = { ...client };
  for (const name of [...WRITES, "get", "list", "serves"] as const) {
    const method = Reflect.get(client, name) as (...parameters: readonly unknown[]) => Promise<unknown>;
    guarded[name] = async (...parameters: readonly unknown[]): Promise<unknown> => {
      if (isDead(life)) return dead();
      const answer = await method(...parameters);
      if (isDead(life)) return dead();
      const [type] = parameters as readonly [{ readonly kind: string }];
      if ((WRITES as readonly string[]).includes(name) && type.kind !== "Event" && ++writes >= diesAfter) {
        kill();
        return dead();
      }
      return answer;
    };
  }
  return guarded as unknown as OpenApiClient;
}

function logInto(lines: LogLine[]): Logger {
  return pino({ level: "debug" }, { write: (text: string) => void lines.push(JSON.parse(text) as LogLine) });
}
