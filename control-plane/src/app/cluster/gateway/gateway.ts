import { createEndpointLane } from "../../../deliver/endpoints/endpoint-lane.ts";
import { keepEndpoints } from "../../../deliver/endpoints/service-endpoints.ts";
import { createGenerations } from "../../../deliver/gateway-rollout/generations.ts";
import { createRefusals } from "../../../deliver/gateway-rollout/refusals.ts";
import { createRollout, type GatewaySnapshot } from "../../../deliver/gateway-rollout/rollout.ts";
import { readGatewayNode } from "../../../deliver/xds-identity/gateway-views.ts";
import type { XdsEvent } from "../../../deliver/xds-server/events.ts";
import type { ProgrammedCount } from "../../../deliver/programmed/programmed.ts";
import type { ResourceStore } from "../../../deliver/xds-server/resource-store.ts";
import type { XdsServer } from "../../../deliver/xds-server/server.ts";
import type { ApiClient } from "../../../kubernetes-api/api-client.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { Problem } from "../../../problem/problem.ts";
import { clusterBackends } from "../../../render/xds/cluster-backends.ts";
import { renderCertificate } from "../../../render/xds/gateway-listeners.ts";
import { encodeResource } from "../../../render/xds/encode.ts";
import { changesBetween, groupPlans, type PlanGroup } from "../../../render/xds/plan-groups.ts";
import type { EncodedResource } from "../../../render/xds/resource.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import type { ObjectCache } from "../../../source/kubernetes/object-cache.ts";
import { startReflector, type Reflector } from "../../../source/kubernetes/reflector.ts";
import type { Logger } from "../log.ts";
import type { Look } from "../reconcile.ts";
import type { ReportError } from "../report-error.ts";
import type { GatewaySettings } from "../settings/cluster-settings.ts";
import { readFilterCode } from "./filter-code.ts";
import { startGatewayObjects } from "./gateway-objects.ts";
import { createGatewayReports } from "./gateway-reports.ts";
import { createListenerRefusals } from "./listener-refusals.ts";
import { renderGateway } from "./render-gateway.ts";
import { createServedPlans } from "./served-plans.ts";

export interface GatewayOptions {
  readonly client: ApiClient;
  readonly settings: GatewaySettings;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly ownNamespace: string;
  /** Istio's gateways serve too. */
  readonly besideIstio: boolean;
  readonly store: ResourceStore;
  readonly services: ObjectCache;
  readonly isLeader: () => boolean;
  /** Called with the key of a deployment when `routed` has changed: what is no longer routed may go. */
  readonly onTold: (key: string) => void;
  /** Called with the keys of deployments that count otherwise, or of which there is something else to say. */
  readonly onProgrammed: (keys: readonly string[]) => void;
  readonly clock: Clock;
  readonly reportError: ReportError;
  readonly log: Logger;
  /** See FilterTableOptions. */
  readonly maxTableBytes?: number;
}

/** What our own gateways are told: everything, by delta ADS. */
export interface GatewayService {
  /** For the metrics, by kind. */
  readonly reflectors: ReadonlyMap<string, Reflector>;
  /** Everything that is needed has been listed. */
  readonly synced: Promise<void>;
  onLook(look: Look): void;
  /** The deployment is gone. */
  forget(key: string): void;
  /** Predictors that gateways were last told to send requests to; undefined: nothing was told yet. */
  routed(key: string): ReadonlySet<string> | undefined;
  /** Gateways that have taken in the newest of a deployment; undefined: none serves it. */
  programmed(key: string): ProgrammedCount | undefined;
  /** What users of a deployment should know: what could not be rendered, and what gateways refused. */
  problemsOf(key: string): readonly Problem[];
  /** To be given every event of the xDS server. */
  onEvent(event: XdsEvent): void;
  /** Tells gateways from now on; resolves once the first is in the store, rejects where that can't be brought about. */
  begin(server: Pick<XdsServer, "whenAnswered">): Promise<void>;
  stop(): Promise<void>;
}

/** Changes that come together are told together; and rendering takes at most a quarter of the time. */
const QUIET_MS = 20;
const RENDERING_SHARE = 3;

export function startGateway(options: GatewayOptions): GatewayService {
  const { client, store, services, clock, reportError, log } = options;
  const served = createServedPlans();
  const wasm = { inlineBytes: readFilterCode() };
  const nextGeneration = createGenerations();
  const reports = createGatewayReports({ clock, onChange: options.onProgrammed });
  /** What the endpoints are served of. */
  let rendered: readonly PlanGroup[] = [];
  /** In the filter's table. */
  let standing: readonly DeploymentPlan[] = [];
  let server: Pick<XdsServer, "whenAnswered"> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let restMs = QUIET_MS;
  let isBegun = false;
  let failBegin: ((error: unknown) => void) | undefined;

  function noteFault(what: string, error: unknown): void {
    reportError(what, error);
    failBegin?.(error);
  }

  const lane = createEndpointLane({ store, serviceOf: (key) => services.get(key) });
  const slices = startReflector({
    client,
    type: RESOURCE.endpointSlice,
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    keep: keepEndpoints,
    clock,
    onError: (error) => {
      reportError("watching EndpointSlice", error);
    },
  });
  slices.onChange((_, now, before) => {
    lane.sliceChanged(now, before);
  });
  services.onChange((key) => {
    lane.serviceChanged(key);
  });

  const refusals = createRefusals(() => {
    if (!isRefused()) request();
  });
  const isRefused = (): boolean => refusals.problems().length > 0;
  const rollout = createRollout({
    delivery: {
      apply: ({ set, remove }) => {
        store.apply({ set, remove });
        const gone = remove.filter((one) => one.typeUrl === TYPE.cluster).map((one) => one.name);
        if (gone.length > 0) lane.drop(gone);
      },
      whenAnswered: (resources, timeoutMs) => server?.whenAnswered(resources, timeoutMs) ?? Promise.resolve(),
      isRefused,
    },
    onPruned: request,
    onFault: (error) => {
      noteFault("telling gateways", error);
    },
  });

  const listenerRefusals = createListenerRefusals();
  const objects = startGatewayObjects({
    ...options,
    refusalOf: (listener) => listenerRefusals.refusalOf(listener),
    deployments: () => served.all(),
    onChange: request,
    onCertificate: (name, certificate) => {
      const set =
        certificate === undefined ? [] : [encodeResource(renderCertificate(name, certificate.chain, certificate.key))];
      store.apply({ set, remove: [{ typeUrl: TYPE.secret, name }] });
    },
  });

  function request(): void {
    if (!isBegun || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      publish();
    }, restMs);
  }

  function publish(): void {
    const plans = served.all();
    const startedMs = performance.now();
    try {
      const { value, problems } = renderGateway(plans, {
        ports: objects.ports(),
        wasm,
        accessLog: options.settings.accessLog,
        nextGeneration,
        ...(options.maxTableBytes === undefined ? {} : { maxTableBytes: options.maxTableBytes }),
        standing,
      });
      standing = value.standing;
      const groups = groupPlans(plans);
      lane.serve(changesBetween(rendered, groups).added.flatMap(clusterBackends));
      rendered = groups;
      reports.rendered(value.wanted, [...problems, ...objects.problems()]);
      rollout.publish(noteNumber(value.snapshot));
      void rollout.settled().then(() => {
        noteTold(plans);
      });
    } catch (error) {
      noteFault("rendering for gateways", error);
    }
    restMs = Math.max(QUIET_MS, (performance.now() - startedMs) * RENDERING_SHARE);
  }

  function noteNumber({ table, ...snapshot }: GatewaySnapshot): GatewaySnapshot {
    const encode = (): EncodedResource => {
      const numbered = table.encode();
      reports.tableNumbered(numbered.version, table.fingerprint);
      return numbered;
    };
    return { ...snapshot, table: { ...table, encode } };
  }

  /** Gateways that refuse something send requests where they did before; once none does, all is told anew. */
  function noteTold(plans: readonly DeploymentPlan[]): void {
    if (!isBegun) return;
    if (!isRefused()) for (const key of served.told(plans)) options.onTold(key);
    objects.told();
  }

  return {
    reflectors: new Map([[RESOURCE.endpointSlice.kind, slices], ...objects.reflectors]),
    synced: Promise.all([slices.synced, objects.synced]).then(() => undefined),
    onLook: ({ step }) => {
      if (step.routes !== undefined && served.set(step.routes)) request();
    },
    forget: (key) => {
      if (served.remove(key)) request();
    },
    routed: (key) => served.routed(key),
    programmed: (key) => reports.programmed(key),
    problemsOf: (key) => reports.problemsOf(key),
    onEvent: (event) => {
      reports.onEvent(event);
      if (readGatewayNode(event.peer.node) === undefined) return;
      refusals.onEvent(event);
      listenerRefusals.onEvent(event);
      if (event.kind === "nack") {
        const names = event.resources.map((one) => one.name);
        log.warn({ node: event.peer.node.id, typeUrl: event.typeUrl, names }, `a gateway refused: ${event.message}`);
      }
    },
    begin: async (started) => {
      server = started;
      isBegun = true;
      const failed = Promise.withResolvers<never>();
      failBegin = failed.reject;
      publish();
      await Promise.race([rollout.settled(), failed.promise]);
      failBegin = undefined;
    },
    stop: async () => {
      clearTimeout(timer);
      isBegun = false;
      rollout.close();
      reports.stop();
      slices.stop();
      await Promise.all([slices.stopped, objects.stop()]);
    },
  };
}
