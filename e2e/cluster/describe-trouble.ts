const LOG_LINES = 25;

/** Runs kubectl with these words; resolves with what it printed. */
type Kubectl = (...words: readonly string[]) => Promise<string>;

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace: string };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** What people look at first when something does not come up: pods, warnings, and the logs of pods that are not ready. */
export async function describeTrouble(kubectl: Kubectl): Promise<string> {
  const parts: string[] = [];
  const add = async (title: string, ...command: readonly string[]): Promise<void> => {
    const said = await kubectl(...command).catch((error: unknown) => String(error));
    if (said.trim() !== "") parts.push(`--- ${title}\n${said.trim()}`);
  };
  await add("pods", "get", "pods", "-A", "-o", "wide");
  await add("warnings", "get", "events", "-A", "--field-selector=type=Warning", "--sort-by=.lastTimestamp");
  for (const { name, namespace } of await unreadyPods(kubectl)) {
    await add(`log of ${namespace}/${name}`, "logs", "-n", namespace, name, "--all-containers", `--tail=${LOG_LINES}`);
  }
  return parts.join("\n");
}

async function unreadyPods(
  kubectl: Kubectl,
): Promise<readonly { readonly name: string; readonly namespace: string }[]> {
  const listed = await kubectl("get", "pods", "-A", "-o", "json").catch(() => '{"items":[]}');
  const { items } = JSON.parse(listed) as PodList;
  const isReady = (pod: PodList["items"][number]): boolean =>
    pod.status.conditions?.some((one) => one.type === "Ready" && one.status === "True") === true;
  return items.filter((pod) => !isReady(pod)).map((pod) => pod.metadata);
}
