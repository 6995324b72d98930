import { hostname } from "node:os";
import type { Kube, KubeObject } from "./kube.ts";

/** On the namespaces of scenarios: which process they belong to. */
const RUN_LABEL = "graphway.dev/e2e-run";
const SCENARIO_NAMESPACE = /^e2e-.+-[0-9a-f]{4}$/;

/** What a release in a scenario's namespace has outside of it. Helm writes down whose it is. */
const CLUSTER_WIDE = ["ValidatingWebhookConfiguration", "ClusterRoleBinding", "ClusterRole", "GatewayClass"] as const;
const OF_HELM = "app.kubernetes.io/managed-by=Helm";
const RELEASE_NAMESPACE = "meta.helm.sh/release-namespace";

const here = hostname()
  .replaceAll(/[^A-Za-z0-9-]/g, "-")
  .slice(0, 40)
  .replaceAll(/^-+|-+$/g, "");

/** The label of namespaces of this run. */
export function runLabels(pid = process.pid): Readonly<Record<string, string>> {
  return { [RUN_LABEL]: `${here}.${String(pid)}` };
}

/** Whether the process that made the namespace is gone. Of processes of other machines nobody here knows. */
function isLeft({ metadata }: KubeObject, isAlive: (pid: number) => boolean): boolean {
  const run = metadata.labels?.[RUN_LABEL] ?? "";
  const at = run.lastIndexOf(".");
  return run.slice(0, at) === here && at > 0 && !isAlive(Number(run.slice(at + 1)));
}

/**
 * Takes away what runs left that were killed: their namespaces, and what their releases had outside of them. Resolves with what
 * was taken away, `Kind name`. What belongs to a run that goes on, or to nobody of ours, stays.
 */
export async function clearLeftovers(
  kube: Pick<Kube, "list" | "delete">,
  isAlive: (pid: number) => boolean = isRunning,
): Promise<readonly string[]> {
  const namespaces = await kube.list("Namespace", "");
  const left = new Set(namespaces.filter((one) => isLeft(one, isAlive)).map(({ metadata }) => metadata.name));
  const known = new Set(namespaces.map(({ metadata }) => metadata.name));
  const isOfNobody = (release: string): boolean =>
    left.has(release) || (SCENARIO_NAMESPACE.test(release) && !known.has(release));
  const cleared: string[] = [];
  const remove = async (kind: string, name: string): Promise<void> => {
    await kube.delete(kind, "", name);
    cleared.push(`${kind} ${name}`);
  };
  for (const kind of CLUSTER_WIDE)
    for (const { metadata } of await listOrNone(kube, kind))
      if (isOfNobody(metadata.annotations?.[RELEASE_NAMESPACE] ?? "")) await remove(kind, metadata.name);
  for (const name of left) await remove("Namespace", name);
  return cleared;
}

/** Not every cluster knows every kind. */
async function listOrNone(kube: Pick<Kube, "list">, kind: string): Promise<readonly KubeObject[]> {
  try {
    return await kube.list(kind, "", OF_HELM);
  } catch (error) {
    if ((error as { readonly status?: number }).status === 404) return [];
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
