import { createEventRecorder } from "../../deliver/kubernetes/events.ts";
import { startWorkQueue } from "../../deliver/kubernetes/work-queue.ts";
import { createWriter } from "../../deliver/kubernetes/writer.ts";
import { sumCounts } from "../../deliver/programmed/programmed.ts";
import { decideRollout } from "../../deliver/rollout/decide-rollout.ts";
import { createResourceStore } from "../../deliver/xds-server/resource-store.ts";
import { systemClock, type Clock } from "../../kubernetes-api/clock.ts";
import { connectToCluster } from "../../kubernetes-api/connect.ts";
import { startClusterCaches } from "./cluster-caches.ts";
import { missingKindProblems, refusalProblems, withoutMissing } from "./cluster-problems.ts";
import { createDownloadSecrets } from "./download-secrets.ts";
import { contend } from "./election.ts";
import { startMesh } from "./filter-tables/mesh.ts";
import { lookAtAll } from "./first-looks.ts";
import { startGateway } from "./gateway/gateway.ts";
import { createGraphShelf } from "./graph-shelf.ts";
import type { Logger } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { bringOwnResources } from "./own-resources.ts";
import { createPlanner } from "./planner.ts";
import { plannerSettings } from "./planner-settings.ts";
import { findPodTroubles } from "./pod-troubles.ts";
import { createPolicyTeller } from "./policy-teller.ts";
import { createReconciler } from "./reconcile.ts";
import { createErrorReporter } from "./report-error.ts";
import { serveXds } from "./serve-xds.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";
import { writeStatus } from "./status-writer.ts";
import { logState } from "./state-log.ts";
import { startStatusServer } from "./status-server.ts";
import { startWebhook } from "./webhook.ts";
import { startXdsReports } from "./xds-reports.ts";

/** A control plane that works in a cluster. */
export interface ControlPlane {
  readonly metricsPort: number;
  /** Where graphs are served. */
  readonly xdsAddress: string;
  /** Resolves once the cluster is known and everything is answered; rejects when that can't come to be: it never gets ready. */
  readonly begun: Promise<void>;
  /** Ends what is under way, gives the Lease back, closes everything. */
  stop(): Promise<void>;
}

/** How a client of the cluster is opened. */
export type Connect = (...parameters: Parameters<typeof connectToCluster>) => ReturnType<typeof connectToCluster>;

/** How often it is looked whether kinds that were missing are there by now. */
const KIND_CHECK_MS = 5000;

/** Starts the control plane; throws when there is no cluster to talk to or a port is taken. */
export async function startControlPlane(
  settings: ClusterSettings,
  log: Logger,
  connect: Connect = connectToCluster,
  clock: Clock = systemClock,
): Promise<ControlPlane> {
  const client = await connect(
    {
      ...(settings.kubeconfig === undefined ? {} : { kubeconfig: settings.kubeconfig }),
      ...(settings.context === undefined ? {} : { context: settings.context }),
    },
    {
      onCall: (call) => {
        metrics.apiCall(call);
      },
    },
  );
  const metrics = createMetrics({
    queueLength: () => queue.counters.waiting,
    isLeader: () => isLeader(),
    reflectors: () => new Map([...caches.byKind, ...(gateway?.reflectors ?? [])]),
    deployments: () => caches.keys().flatMap((key) => caches.deployment(key) ?? []),
  });
  const reportError = createErrorReporter(log);
  const started = Promise.withResolvers<undefined>();
  let isSynced = false;
  /** Clients of the xDS server are answered. */
  let isServing = false;
  const isLeader = (): boolean => isSynced && (election === undefined || election.isLeading());

  if (settings.createsResources) await bringOwnResources(client, settings, reportError);
  const caches = startClusterCaches({
    client,
    namespace: settings.namespace,
    ownNamespace: settings.ownNamespace,
    istio: settings.rollout.istio,
    keda: settings.rollout.keda,
    clock,
    onChange: (keys) => {
      if (isSynced) for (const key of keys) queue.add(key);
    },
    onError: (kind, error) => {
      reportError(`watching ${kind}`, error);
    },
  });
  const planning = plannerSettings(settings, () => caches.config());
  const store = createResourceStore();
  const shelf = createGraphShelf(store);
  const gateway =
    settings.gateway &&
    startGateway({
      client,
      settings: settings.gateway,
      namespace: settings.namespace,
      ownNamespace: settings.ownNamespace,
      besideIstio: settings.rollout.istio,
      store,
      services: caches.services,
      isLeader,
      onTold: (key) => {
        if (isSynced) queue.add(key);
      },
      onProgrammed: (keys) => {
        tellOf(keys);
        reports.note();
      },
      clock,
      reportError,
      log,
    });
  const tellOf = (keys: readonly string[]): void => {
    if (isSynced) for (const key of keys) queue.add(key);
  };
  const mesh =
    settings.mesh &&
    startMesh({
      client,
      settings: settings.mesh,
      namespace: settings.namespace,
      clusterDomain: settings.plan.clusterDomain,
      audience: settings.xds.audience,
      store,
      clock,
      onProgrammed: (keys) => {
        tellOf(keys);
        reports.note();
      },
      onTable: (version, sinceMs) => {
        reports.onTable(version, sinceMs);
      },
      reportError,
    });
  const events = createEventRecorder({
    client,
    host: settings.podName,
    clock,
    onError: (error) => {
      reportError("an event", error);
    },
  });
  const graphs = await serveXds({
    client,
    xds: settings.xds,
    gateway: settings.gateway && { namespace: settings.ownNamespace, name: settings.gateway.serviceAccount },
    mesh: mesh && ((onRefused) => mesh.views(onRefused)),
    store,
    shelf,
    ready: started.promise,
    onProgrammed: (key) => {
      tellOf([key]);
      reports.note();
    },
    onEvent: (event) => {
      reports.onEvent(event);
      gateway?.onEvent(event);
      mesh?.onEvent(event);
    },
    onRefused: () => {
      metrics.xdsRefused();
    },
    log,
  });
  const reports = startXdsReports({
    client,
    settings,
    store,
    clock,
    metrics,
    keys: () => caches.keys(),
    own: (key) => sumCounts([graphs.programmed.count(key), mesh?.programmed(key), gateway?.programmed(key)]),
    onChange: tellOf,
    reportError,
  });
  const troubles = findPodTroubles({
    client,
    clock,
    isLeader,
    onChange: (key) => {
      tellOf([key]);
    },
    onForbidden: (error) => {
      log.warn({ reason: error.message }, "pods and their events can't be read: no status says why pods don't start");
    },
    reportError,
  });
  const reconciler = createReconciler({
    caches,
    planner: createPlanner(planning),
    secrets: createDownloadSecrets({
      client,
      onForbidden: (serviceAccount, error) => {
        log.warn({ serviceAccount, reason: error.message }, "credentials for downloads can't be read");
      },
    }),
    shelf,
    selection: { controllerId: settings.controllerId, singleNamespace: settings.namespace !== undefined },
    settings: () => withoutMissing(settings.rollout, caches.missingKinds()),
    decide: decideRollout,
    writer: createWriter({ client, cacheOf: ({ kind }) => caches.byKind.get(kind), mayWrite: isLeader }),
    writeStatus: (resource, status) => writeStatus(client, resource, status),
    tellPolicies: createPolicyTeller({
      client,
      controllerId: settings.controllerId,
      clock,
      onWritten: (policy) => {
        caches.put(policy);
      },
    }),
    events,
    programmed: (key) => reports.programmed(key),
    podTroubles: (key) => troubles.of(key),
    clusterProblems: (key) => [
      ...missingKindProblems(caches.missingKinds()),
      ...refusalProblems(key, graphs.programmed.refusal(key)),
      ...(mesh?.problemsOf(key) ?? []),
      ...(gateway?.problemsOf(key) ?? []),
    ],
    isLeader,
    nowMs: () => clock.nowMs(),
    ...(gateway === undefined || settings.rollout.istio ? {} : { routed: (key) => gateway.routed(key) }),
    onState: (key, now, before) => {
      logState(log, key, now, before);
    },
    onForget: (key) => {
      troubles.forget(key);
      gateway?.forget(key);
      mesh?.forget(key);
    },
    onLook: (look) => {
      const { key, step } = look;
      troubles.onLook(look);
      gateway?.onLook(look);
      mesh?.onLook(look);
      if (step.writes.length > 0) log.debug({ key, writes: step.writes.length }, "there is something to do");
    },
  });
  const queue = startWorkQueue({
    workers: settings.workers,
    clock,
    work: async (key) => {
      const startedMs = performance.now();
      try {
        const againAfterMs = await reconciler.turn(key);
        metrics.turnDone("done", performance.now() - startedMs);
        return againAfterMs;
      } catch (error) {
        metrics.turnDone("failed", performance.now() - startedMs);
        throw error;
      }
    },
    onError: (key, error, failures) => {
      reportError(`work on ${key}`, error, { key, failures });
    },
  });
  const addAll = (): void => {
    for (const key of [...caches.keys(), ...caches.policyTargets()]) queue.add(key);
  };

  async function begin(): Promise<void> {
    await Promise.all([caches.synced, gateway?.synced, mesh?.synced]);
    isSynced = true;
    const missing = caches.missingKinds();
    if (missing.length > 0) log.warn({ kinds: missing }, "the API server does not know all kinds; looking again");
    await lookAtAll(caches.keys(), reconciler, reportError);
    await gateway?.begin(graphs.server);
    mesh?.begin();
    started.resolve(undefined);
    isServing = true;
    log.info({ deployments: caches.keys().length }, "the cluster is known; working");
    addAll();
  }

  let knownMissing = "";
  const kindCheck = setInterval(() => {
    const missing = caches.missingKinds().join(", ");
    if (!isSynced || missing === knownMissing) return;
    knownMissing = missing;
    log.info({ kinds: missing }, missing === "" ? "all kinds are there" : "kinds are missing");
    addAll();
  }, KIND_CHECK_MS);

  const election = contend(client, settings, clock, {
    onAcquired: () => {
      log.info("this replica writes");
      if (isSynced) addAll();
    },
    onLost: () => {
      log.warn("another replica may write; this one only serves");
    },
    onError: (error) => {
      reportError("the election", error);
    },
  });
  const webhook =
    settings.webhook &&
    startWebhook({
      client,
      webhook: settings.webhook,
      ownNamespace: settings.ownNamespace,
      clusterDomain: settings.plan.clusterDomain,
      modelSettings: () => planning().model,
      onReview: (report) => {
        metrics.review(report);
      },
      log,
    });
  const status = await startStatusServer({
    ...settings.metrics,
    render: () => metrics.render(),
    xdsClients: (nodePart) => reports.clients(nodePart),
    notReady: () => (isServing ? webhook?.notReady() : "the cluster is not known yet"),
  });
  let isStopping = false;
  const begun = begin().catch((error: unknown) => {
    if (!isStopping) throw error;
  });
  begun.catch(() => undefined); // whoever started it decides what comes of it
  log.info(
    { server: client.server, metrics: status.port, xds: graphs.server.address, namespace: settings.namespace ?? "all" },
    "started",
  );

  return {
    metricsPort: status.port,
    xdsAddress: graphs.server.address,
    begun,
    async stop() {
      isStopping = true;
      clearInterval(kindCheck);
      await queue.close(settings.stopTimeoutMs);
      // Events may take long where the API server is away; the Lease does not wait for them.
      await Promise.all([events.flush(), election?.stop(), webhook?.stop()]);
      await Promise.all([
        troubles.stop(),
        gateway?.stop(),
        mesh?.stop(),
        reports.stop(),
        caches.stop(),
        graphs.server.close(),
        status.close(),
      ]);
      await client.close();
    },
  };
}
