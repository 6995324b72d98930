import { createEventRecorder } from "../../deliver/kubernetes/events.ts";
import { startWorkQueue } from "../../deliver/kubernetes/work-queue.ts";
import { createWriter } from "../../deliver/kubernetes/writer.ts";
import { decideRollout } from "../../deliver/rollout/decide-rollout.ts";
import { systemClock, type Clock } from "../../kubernetes-api/clock.ts";
import { connectToCluster } from "../../kubernetes-api/connect.ts";
import { startClusterCaches } from "./cluster-caches.ts";
import { missingKindProblems, withoutMissing } from "./cluster-problems.ts";
import { createDownloadSecrets } from "./download-secrets.ts";
import { contend } from "./election.ts";
import { lookAtAll } from "./first-looks.ts";
import type { Logger } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { bringOwnResources } from "./own-resources.ts";
import { createPlanner } from "./planner.ts";
import { plannerSettings } from "./planner-settings.ts";
import { findPodTroubles } from "./pod-troubles.ts";
import { createPolicyTeller } from "./policy-teller.ts";
import { createReconciler } from "./reconcile.ts";
import { createErrorReporter } from "./report-error.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";
import { writeStatus } from "./status-writer.ts";
import { logState } from "./state-log.ts";
import { startStatusServer } from "./status-server.ts";
import { startWebhook } from "./webhook.ts";
import { startXdsDelivery } from "./xds-delivery.ts";

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
    reflectors: () => new Map([...caches.byKind, ...xds.reflectors]),
    deployments: () => caches.keys().flatMap((key) => caches.deployment(key) ?? []),
  });
  const reportError = createErrorReporter(log);
  let isSynced = false;
  /** Clients of the xDS server are answered. */
  let isServing = false;
  const isLeader = (): boolean => isSynced && (election === undefined || election.isLeading());
  const lookAgain = (keys: readonly string[]): void => {
    if (isSynced) for (const key of keys) queue.add(key);
  };

  if (settings.createsResources) await bringOwnResources(client, settings, reportError);
  const caches = startClusterCaches({
    client,
    namespace: settings.namespace,
    ownNamespace: settings.ownNamespace,
    istio: settings.rollout.istio,
    keda: settings.rollout.keda,
    clock,
    onChange: lookAgain,
    onError: (kind, error) => {
      reportError(`watching ${kind}`, error);
    },
  });
  const planning = plannerSettings(settings, () => caches.config());
  const xds = await startXdsDelivery({
    client,
    settings,
    clock,
    services: caches.services,
    keys: () => caches.keys(),
    isLeader,
    onChange: lookAgain,
    metrics,
    reportError,
    log,
  });
  const events = createEventRecorder({
    client,
    host: settings.podName,
    clock,
    onError: (error) => {
      reportError("an event", error);
    },
  });
  const troubles = findPodTroubles({
    client,
    clock,
    isLeader,
    onChange: (key) => {
      lookAgain([key]);
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
    shelf: xds.shelf,
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
    programmed: (key) => xds.programmed(key),
    podTroubles: (key) => troubles.of(key),
    clusterProblems: (key) => [...missingKindProblems(caches.missingKinds()), ...xds.problemsOf(key)],
    isLeader,
    nowMs: () => clock.nowMs(),
    ...(xds.routed === undefined ? {} : { routed: xds.routed }),
    onState: (key, now, before) => {
      logState(log, key, now, before);
    },
    onForget: (key) => {
      troubles.forget(key);
      xds.forget(key);
    },
    onLook: (look) => {
      const { key, step } = look;
      troubles.onLook(look);
      xds.onLook(look);
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
    await Promise.all([caches.synced, xds.synced]);
    isSynced = true;
    const missing = caches.missingKinds();
    if (missing.length > 0) log.warn({ kinds: missing }, "the API server does not know all kinds; looking again");
    await lookAtAll(caches.keys(), reconciler, reportError);
    await xds.begin();
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
    xdsClients: xds.clients,
    notReady: () => (isServing ? webhook?.notReady() : "the cluster is not known yet"),
  });
  let isStopping = false;
  const begun = begin().catch((error: unknown) => {
    if (!isStopping) throw error;
  });
  begun.catch(() => undefined); // whoever started it decides what comes of it
  log.info(
    { server: client.server, metrics: status.port, xds: xds.address, namespace: settings.namespace ?? "all" },
    "started",
  );

  return {
    metricsPort: status.port,
    xdsAddress: xds.address,
    begun,
    async stop() {
      isStopping = true;
      clearInterval(kindCheck);
      await queue.close(settings.stopTimeoutMs);
      // Events may take long where the API server is away; the Lease does not wait for them.
      await Promise.all([events.flush(), election?.stop(), webhook?.stop()]);
      await Promise.all([troubles.stop(), xds.stop(), caches.stop(), status.close()]);
      await client.close();
    },
  };
}
