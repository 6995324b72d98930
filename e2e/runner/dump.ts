import type { World } from "./world.ts";

const TAIL_LINES = 25;

/** What people look at first when a scenario fails: its objects, events and logs, and what the operator says. */
export async function dumpNamespace(world: World): Promise<string> {
  const parts: string[] = [];
  const add = async (title: string, ...words: readonly string[]): Promise<void> => {
    const said = await world.kubectl(...words).catch((error: unknown) => String(error));
    if (said.trim() !== "") parts.push(`--- ${title}\n${said.trim()}`);
  };
  await add(
    "objects",
    "get",
    "sdep,deploy,rs,pods,svc,endpointslices,vs,dr,hpa,pdb",
    "-o",
    "wide",
    "--ignore-not-found",
  );
  await add("deployments", "get", "sdep", "-o", "yaml", "--ignore-not-found");
  await add("routes", "get", "vs,dr", "-o", "yaml", "--ignore-not-found");
  await add("events", "get", "events", "--sort-by=.lastTimestamp");
  for (const pod of await world.list("Pod").catch(() => [])) {
    await add(`log of ${pod.metadata.name}`, "logs", pod.metadata.name, "--all-containers", `--tail=${TAIL_LINES}`);
  }
  const { operatorNamespace } = world.target;
  await add("operator", "-n", operatorNamespace, "get", "pods", "-o", "wide");
  const labels = "app.kubernetes.io/name=graphway";
  await add("log of the operator", "-n", operatorNamespace, "logs", "-l", labels, "--tail=30", "--prefix");
  return parts.join("\n");
}
