import { decideRollout } from "../../deliver/rollout/decide-rollout.ts";
import { describeStep } from "../../deliver/rollout/describe-step.ts";
import { createResourceStore } from "../../deliver/xds-server/resource-store.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import type { Problem } from "../../problem/problem.ts";
import { startClusterCaches } from "./cluster-caches.ts";
import { missingKindProblems, withoutMissing } from "./cluster-problems.ts";
import { createDownloadSecrets } from "./download-secrets.ts";
import { createGraphShelf } from "./graph-shelf.ts";
import { createPlanner } from "./planner.ts";
import { plannerSettings } from "./planner-settings.ts";
import { createReconciler, type Look } from "./reconcile.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";

/** What a control plane with these settings would do next for one SeldonDeployment. */
export interface Preview {
  readonly key: string;
  readonly problems: readonly Problem[];
  /** One per object; none: everything is as it would make it. */
  readonly changes: readonly string[];
}

/** Looks at a cluster and writes nothing. Throws what the API server said where it may not be read. */
export async function previewCluster(client: ApiClient, settings: ClusterSettings): Promise<readonly Preview[]> {
  const failed = Promise.withResolvers<never>();
  const caches = startClusterCaches({
    client,
    namespace: settings.namespace,
    ownNamespace: settings.ownNamespace,
    istio: settings.rollout.istio,
    keda: settings.rollout.keda,
    onChange: () => undefined,
    onError: (_, error) => {
      failed.reject(error);
    },
  });
  try {
    await Promise.race([caches.synced, failed.promise]);
    const looks = new Map<string, Look>();
    const reconciler = createReconciler({
      caches,
      planner: createPlanner(plannerSettings(settings, () => caches.config())),
      secrets: createDownloadSecrets({ client }),
      shelf: createGraphShelf(createResourceStore()),
      selection: { controllerId: settings.controllerId, singleNamespace: settings.namespace !== undefined },
      settings: () => withoutMissing(settings.rollout, caches.missingKinds()),
      decide: decideRollout,
      writer: { perform: () => Promise.resolve({ done: 0 }) },
      writeStatus: () => Promise.resolve(undefined),
      tellPolicies: () => Promise.resolve(),
      events: { record: () => undefined },
      programmed: () => undefined,
      clusterProblems: () => missingKindProblems(caches.missingKinds()),
      isLeader: () => false,
      onLook: (look) => looks.set(look.key, look),
    });
    for (const key of caches.keys()) await reconciler.turn(key);
    return [...looks.values()].map(({ key, problems, step, live }) => ({
      key,
      problems,
      changes: describeStep(step, live),
    }));
  } finally {
    failed.promise.catch(() => undefined);
    await caches.stop();
  }
}
