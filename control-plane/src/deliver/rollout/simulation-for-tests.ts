import assert from "node:assert/strict";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { ORCHESTRATOR_CONTAINER } from "../../plan/workload-plan.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { frozen } from "../../plan/frozen-for-tests.ts";
import type { Problem } from "../../problem/problem.ts";
import { decideRollout } from "./decide-rollout.ts";
import { planOf, resourceOf, type TestDeployment } from "./manifests-for-tests.ts";
import { markOf } from "./marks.ts";
import { missing } from "./missing.ts";
import type { PlanBeside, RolloutInput, RolloutMemo, RolloutSettings, RolloutStep, Write } from "./rollout-step.ts";
import { SimulatedCluster } from "./simulated-cluster-for-tests.ts";
import { SimulatedProxies } from "./simulated-proxies-for-tests.ts";
import { wantedObjects } from "./wanted-objects.ts";

export const SETTINGS: RolloutSettings = {
  istio: true,
  istioTlsMode: "",
  keda: false,
  drainMs: 5000,
  settleMs: 0,
  adopt: "keep",
  graphsByXds: true,
};

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Destination {
  readonly destination: { readonly host: string; readonly subset?: string; readonly port: { readonly number: number } };
  readonly weight?: number;
}

/** Proxies are told of routes, and Kubernetes finds out who answers at a new port, as many seconds late; less than the drain time. */
const LATE_TICKS = 3;

/** Where routes led at an instant, and the ports of Services. */
interface Instant {
  readonly routes: readonly (readonly Destination[])[];
  readonly ports: ReadonlyMap<string, readonly number[]>;
}

interface Subset {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** The operator at work on one SeldonDeployment in a simulated cluster, checked at every instant. */
export class Simulation {
  readonly cluster = new SimulatedCluster();
  /** They learn of endpoints as late as the settings allow for. */
  readonly proxies: SimulatedProxies;
  readonly #chance: () => number;
  /** What our own gateways were told last. */
  #told: DeploymentPlan | undefined;
  /** The latest first. */
  readonly #past: Instant[] = [];
  nowMs = 1_000_000;
  #generation = 0;
  #resource: KubernetesObject = resourceOf({ predictors: [] });
  #plan: DeploymentPlan | undefined;
  #planBeside: PlanBeside | undefined;
  #problems: readonly Problem[] = [];
  #status: unknown;
  #memo: RolloutMemo | undefined;
  /** Predictors whose pods may be made anew, since the last time that all was at rest; undefined: all. */
  #mayRestart: Set<string> | undefined;
  readonly log: string[] = [];
  readonly settings: RolloutSettings;

  constructor(seed: number, settings: Partial<RolloutSettings> = {}) {
    this.#chance = chanceOf(seed);
    this.settings = { ...SETTINGS, ...settings };
    this.proxies = new SimulatedProxies(this.settings.settleMs / 1000);
  }

  /** Applies a new version; false: it is not valid. `restarts` has the predictors whose pods it changes; undefined: any. */
  edit(deployment: TestDeployment, restarts?: readonly string[]): boolean {
    this.#generation += 1;
    this.#resource = resourceOf(deployment, this.#generation);
    const { plan, problems, planBeside } = planOf(this.#resource, undefined, deployment.bypass);
    this.log.push(`edit ${this.#generation} ${JSON.stringify(deployment)}`);
    this.#plan = plan ?? this.#plan;
    if (plan !== undefined) this.#planBeside = planBeside;
    this.#problems = problems;
    if (restarts === undefined) this.#mayRestart = undefined;
    else for (const one of restarts) this.#mayRestart?.add(one);
    return plan !== undefined;
  }

  /** Frozen: a step that edits what it is given throws. */
  get input(): RolloutInput {
    const { nowMs, settings } = this;
    const resource = { ...this.#resource, ...(this.#status === undefined ? {} : { status: this.#status }) };
    const memo = this.#memo === undefined ? {} : { memo: this.#memo };
    return frozen({
      resource,
      plan: this.#plan,
      ...(this.#planBeside === undefined ? {} : { planBeside: this.#planBeside }),
      problems: this.#problems,
      live: this.cluster.live(),
      nowMs,
      settings,
      ...memo,
      ...(settings.istio || this.#told === undefined ? {} : { routed: routedIn(this.#told) }),
    });
  }

  /** One turn; `diesAfter` writes the operator is killed. */
  turn(diesAfter = Infinity): RolloutStep {
    const step = decideRollout(this.input);
    this.#tell(step);
    this.#tellGateways(step);
    for (const [index, write] of step.writes.entries()) {
      if (index >= diesAfter) {
        this.#memo = undefined;
        this.log.push("operator dies");
        return step;
      }
      this.#make(write);
    }
    this.#memo = step.memo;
    this.#status = step.status;
    return step;
  }

  /** Whom a new table names must have endpoints in proxies, unless no route leads there yet: then Istio's weights decide. */
  #tell({ meshRoutes, routes, status }: RolloutStep): void {
    if (status.state === "Available") assert.deepEqual(meshRoutes, routes, "available before all proxies may know");
    if (meshRoutes === undefined || this.#isAsleep()) return;
    const split = new Set(meshRoutes.split.map((one) => one.predictor));
    const fresh = new Set(this.proxies.take(meshRoutes.predictors.map((one) => one.name)));
    const unknown = this.#routes()
      .flat()
      .filter(({ destination }) => {
        const { subset = "" } = destination;
        return fresh.has(subset) && split.has(subset) && !this.proxies.know(this.#labelsOf(destination));
      });
    const names = [...new Set(unknown.map((one) => one.destination.subset))];
    assert.deepEqual(names, [], `named before proxies know their endpoints\n${this.log.join("\n")}`);
  }

  #tellGateways({ routes }: RolloutStep): void {
    if (routes === undefined || this.settings.istio) return;
    const before = new Set(this.faults());
    this.#told = routes;
    this.#assertNoNew(before, "told gateways");
  }

  #make(write: Write): void {
    this.log.push(describe(write));
    this.#checkTemplate(write);
    const before = new Set(this.faults());
    this.cluster.write(write);
    this.#assertNoNew(before, describe(write));
  }

  /** Time goes on by a second; nobody crashes, so nothing may go wrong by itself. */
  tick(): void {
    this.nowMs += 1000;
    const before = new Set(this.faults());
    this.#past.unshift({ routes: this.#routes(), ports: this.#ports() });
    this.#past.splice(LATE_TICKS);
    this.cluster.tick(this.#chance);
    this.proxies.tick(this.cluster.pods.available());
    this.#assertNoNew(before, "a tick");
  }

  /** A pod crashes. Not while others go in an orderly way: who loses both at once has no pod left by bad luck alone. */
  crash(): void {
    if (this.cluster.ofKind("Deployment").some((one) => one.metadata.deletionTimestamp !== undefined)) return;
    this.log.push("crash");
    this.cluster.crash(Math.floor(this.#chance() * 100));
  }

  chance(): number {
    return this.#chance();
  }

  #assertNoNew(before: ReadonlySet<string>, what: string): void {
    const fresh = this.faults().filter((one) => !before.has(one));
    assert.deepEqual(fresh, [], `${what}\n${this.log.join("\n")}`);
  }

  #checkTemplate(write: Write): void {
    if (write.kind !== "apply" || write.type.kind !== "Deployment" || this.#mayRestart === undefined) return;
    const live = this.cluster.ofKind("Deployment").find((one) => one.metadata.name === write.object.metadata.name);
    const owner = this.#plan?.workloads.pods.find((one) => one.name === write.object.metadata.name)?.predictor ?? "";
    if (live === undefined || this.#mayRestart.has(owner)) return;
    const { template } = write.object["spec"] as { readonly template?: unknown };
    if (template === undefined) return;
    const before = (live["spec"] as { readonly template?: unknown }).template;
    assert.equal(missing(template, before), undefined, `${owner} restarts for nothing\n${this.log.join("\n")}`);
  }

  /** What is wrong with the routes at this instant. */
  faults(): readonly string[] {
    const found = this.#routes().flatMap((routes) => [
      ...this.#weightFaults(routes),
      ...routes.flatMap((one) => this.#faultsOf(one)),
    ]);
    return [...new Set([...found, ...this.#lateFaults()])];
  }

  /** What late proxies meet: routes that were, and ports that nobody is known to answer at yet. */
  #lateFaults(): readonly string[] {
    const deaf = this.#past
      .flatMap((one) => one.routes.flat())
      .flatMap(({ destination: { host, port } }) => {
        const [name = ""] = host.split(".");
        const behind = this.cluster.pods.available().filter((pod) => pod.labels["seldon-app"] === name);
        const hasPort = this.#ports().get(name)?.includes(port.number) ?? true;
        const hears = behind.length === 0 || behind.some((pod) => pod.ports.includes(port.number));
        return hasPort && hears ? [] : [`late: nobody answers at ${name}:${port.number}`];
      });
    const early = this.#routes()
      .flat()
      .flatMap(({ destination: { host, port } }) => {
        const [name = ""] = host.split(".");
        const lacked = this.#past.some((one) => one.ports.get(name)?.includes(port.number) === false);
        return lacked ? [`nobody is known yet to answer at ${name}:${port.number}`] : [];
      });
    return [...deaf, ...early];
  }

  #ports(): ReadonlyMap<string, readonly number[]> {
    return new Map(
      this.cluster.ofKind("Service").map((one) => {
        const { ports = [] } = one["spec"] as { readonly ports?: readonly { readonly port: number }[] };
        return [one.metadata.name, ports.map(({ port }) => port)];
      }),
    );
  }

  /** The destinations of each entry of the VirtualService, or of what our own gateways go by. */
  #routes(): readonly (readonly Destination[])[] {
    if (!this.settings.istio) return this.#told === undefined ? [] : destinationsIn(this.#told);
    const [route] = this.cluster.ofKind("VirtualService").filter((one) => one.metadata.name === "example");
    const { http = [] } = (route?.["spec"] ?? {}) as {
      readonly http?: readonly { readonly route: readonly Destination[] }[];
    };
    return http.map((entry) => entry.route);
  }

  #weightFaults(routes: readonly Destination[]): readonly string[] {
    if (routes.length < 2) return [];
    const sum = routes.reduce((total, one) => total + (one.weight ?? 0), 0);
    return sum === 100 ? [] : [`weights sum up to ${sum}`];
  }

  #faultsOf({ destination, weight }: Destination): readonly string[] {
    const [name = ""] = destination.host.split(".");
    const service = this.cluster.ofKind("Service").find((one) => one.metadata.name === name);
    if (service === undefined) return [`no Service ${name}`];
    const subset = this.#subsetOf(destination);
    if (subset === undefined && destination.subset !== undefined) return [`no subset ${destination.subset} of ${name}`];
    const { ports = [] } = service["spec"] as { readonly ports?: readonly { readonly port: number }[] };
    if (!ports.some((one) => one.port === destination.port.number))
      return [`${name} has no port ${destination.port.number}`];
    if (weight === 0 || this.#isAsleep()) return [];
    const labels = this.#labelsOf(destination);
    const behind = this.cluster.pods.available().filter((pod) => missing(labels, pod.labels) === undefined);
    if (behind.length === 0) return [`no pod answers for ${name}`];
    const deaf = behind.some((pod) => !pod.ports.includes(destination.port.number));
    return deaf ? [`a pod of ${name} has no port ${destination.port.number}`] : [];
  }

  #subsetOf({ host, subset }: Destination["destination"]): Subset | undefined {
    const rule = this.cluster.ofKind("DestinationRule").find((one) => one.metadata.name === host.split(".")[0]);
    const { subsets = [] } = (rule?.["spec"] ?? {}) as { readonly subsets?: readonly Subset[] };
    return subsets.find((one) => one.name === subset);
  }

  /** Of the pods that it means. */
  #labelsOf(destination: Destination["destination"]): Readonly<Record<string, string>> {
    const service = this.cluster.ofKind("Service").find((one) => one.metadata.name === destination.host.split(".")[0]);
    const { selector } = (service?.["spec"] ?? {}) as { readonly selector?: Readonly<Record<string, string>> };
    return { ...selector, ...this.#subsetOf(destination)?.labels };
  }

  /** Nobody wants a pod. */
  #isAsleep(): boolean {
    return this.#plan?.workloads.pods.every((one) => one.replicas === 0) ?? true;
  }

  /** Lets time go on until there is nothing more to do, and checks that all is as wanted. */
  settle(longest = 400): void {
    for (let round = 0; round < longest; round += 1) {
      const told = this.#told;
      const step = this.turn();
      // Who has told gateways something else looks again.
      if (routedText(told) !== routedText(this.#told)) continue;
      const isGoing = this.cluster.objects.some((one) => one.metadata.deletionTimestamp !== undefined);
      const isDone = step.writes.length === 0 && step.againAfterMs === undefined && !isGoing;
      if (step.status.state === "Available" && isDone) {
        this.#checkRest();
        return;
      }
      this.tick();
    }
    const { status, writes } = decideRollout(this.input);
    const waiting = status.conditions.filter((one) => one.status === "False").map((one) => one.message ?? one.type);
    assert.fail(`not at rest: ${JSON.stringify(waiting)} ${writes.map(describe).join()}\n${this.log.join("\n")}`);
  }

  #checkRest(): void {
    this.#memo = undefined;
    const step = decideRollout(this.input);
    assert.deepEqual(step.writes, [], `writes at rest\n${this.log.join("\n")}`);
    assert.equal(step.status.observedGeneration, this.#generation);
    const plan = this.#plan;
    assert.ok(plan);
    const wanted = wantedObjects(plan, this.#resource, this.settings);
    const all = [
      wanted.services,
      wanted.destinationRules,
      wanted.autoscalers,
      wanted.disruptionBudgets,
      wanted.deployments,
    ];
    const names = [...all.flat(), ...wanted.explainerRoutes].map(
      ({ object }) => `${object.kind}/${object.metadata.name}`,
    );
    const there = this.cluster.objects.map((one) => `${one.kind}/${one.metadata.name}`);
    const routes = this.settings.istio ? ["VirtualService/example"] : [];
    assert.deepEqual(there.sort(), [...names, ...routes].sort(), this.log.join("\n"));
    for (const one of wanted.deployments) this.#checkDeployment(one.object);
    assert.deepEqual(this.faults(), [], this.log.join("\n"));
    this.#mayRestart = new Set();
  }

  #checkDeployment(wanted: KubernetesObject): void {
    const live = this.cluster.ofKind("Deployment").find((one) => one.metadata.name === wanted.metadata.name);
    const containers = (one: KubernetesObject | undefined): unknown => {
      const { spec } = (
        one?.["spec"] as {
          readonly template: {
            readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
          };
        }
      ).template;
      return spec.containers.map(({ name, image }) => (name === ORCHESTRATOR_CONTAINER ? name : `${name} ${image}`));
    };
    assert.deepEqual(containers(live), containers(wanted), this.log.join("\n"));
    assert.equal(markOf(live, "unroutedAt"), undefined, this.log.join("\n"));
  }
}

function routedIn({ split, shadows }: DeploymentPlan): ReadonlySet<string> {
  return new Set([...split, ...shadows].map((one) => one.predictor));
}

function routedText(plan: DeploymentPlan | undefined): string {
  return plan === undefined ? "" : [...routedIn(plan)].join();
}

/** By REST and by gRPC. */
function destinationsIn({ predictors, split }: DeploymentPlan): readonly (readonly Destination[])[] {
  return (["httpPort", "grpcPort"] as const).map((kind) =>
    predictors.map((one) => {
      const weight = split.find((entry) => entry.predictor === one.name)?.weight ?? 0;
      return { destination: { host: one.serviceName, port: { number: one[kind] } }, weight };
    }),
  );
}

function describe(write: Write): string {
  const name = write.kind === "apply" ? write.object.metadata.name : write.key.name;
  const detail = write.kind === "patch" ? ` ${JSON.stringify(write.patch)}` : "";
  return `  ${write.kind} ${write.type.kind} ${name}${detail}`;
}
