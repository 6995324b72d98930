import type { KubernetesObject } from "../../kubernetes-api/object.ts";

/** Why pods of Deployments do not answer, as people read it, by the Deployment's name. */
export type PodTroubles = ReadonlyMap<string, string>;

/** What one pod says of itself. */
export type PodFinding =
  /** In its own words. */
  | { readonly kind: "trouble"; readonly text: string }
  /** It waits for something, or a probe fails: only its events say what. */
  | { readonly kind: "silent" }
  | { readonly kind: "well" };

interface Terminated {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: Terminated;
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: ContainerState;
  readonly lastState?: ContainerState;
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
  readonly containerStatuses?: readonly ContainerStatus[];
}

/** Characters of what a kubelet or a program says: one of them must not fill a status. */
const LONGEST_TEXT = 400;
/** Kubernetes' words for a container that is on its way. */
const STARTING: ReadonlySet<string | undefined> = new Set([undefined, "ContainerCreating", "PodInitializing"]);

/** One line, and not too long. */
export function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= LONGEST_TEXT ? line : `${line.slice(0, LONGEST_TEXT).toWellFormed()}…`;
}

/**
 * What keeps a pod from answering, by its status alone. The text is the same for as long as the trouble is: a container that ends
 * again and again is told of in the same words while it waits, runs and ends.
 */
export function examinePod(pod: KubernetesObject): PodFinding {
  const status = (pod["status"] ?? {}) as PodStatus;
  const text = troubleOf(pod, status);
  if (text !== undefined) return { kind: "trouble", text: `pod ${pod.metadata.name}: ${text}` };
  return isReady(status) ? { kind: "well" } : { kind: "silent" };
}

function troubleOf({ metadata }: KubernetesObject, status: PodStatus): string | undefined {
  if (status.phase === "Failed") return said(status.reason ?? "Failed", status.message);
  const scheduled = status.conditions?.find((one) => one.type === "PodScheduled");
  if (scheduled?.status === "False") return said("Unschedulable", scheduled.message);
  const kinds = [
    ["init container", status.initContainerStatuses],
    ["container", status.containerStatuses],
  ] as const;
  for (const [kind, containers = []] of kinds)
    for (const container of containers) {
      const text = containerTrouble(container, metadata.name);
      if (text !== undefined) return `${kind} ${container.name}: ${text}`;
    }
  return undefined;
}

function containerTrouble(container: ContainerStatus, pod: string): string | undefined {
  const { name, ready, state, lastState, restartCount = 0 } = container;
  if (ready === true) return undefined;
  const waiting = state?.waiting;
  if (waiting?.reason === "ErrImagePull" || waiting?.reason === "ImagePullBackOff")
    return said("ImagePullBackOff", waiting.message?.replace(/^Back-off pulling image "[^"]*": ErrImagePull: /, ""));
  const ended = state?.terminated ?? lastState?.terminated;
  if (ended !== undefined && (restartCount > 0 || ended.exitCode !== 0)) return endText(ended, name, pod, restartCount);
  return STARTING.has(waiting?.reason) ? undefined : said(waiting?.reason ?? "", waiting?.message);
}

function endText({ exitCode = 0, reason, message }: Terminated, name: string, pod: string, restarts: number): string {
  const why = reason === undefined || reason === "Error" ? "" : ` (${reason})`;
  const word = restarts > 0 ? "CrashLoopBackOff, " : "";
  const last = message === undefined || message === "" ? "" : `: ${shorten(message)}`;
  const previous = restarts > 0 ? " --previous" : "";
  return `${word}exit code ${exitCode}${why}${last}; see kubectl logs ${pod} -c ${name}${previous}`;
}

function isReady({ conditions }: PodStatus): boolean {
  return conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
}

function said(reason: string, message: string | undefined): string {
  return message === undefined || message === "" ? reason : `${reason}: ${shorten(message)}`;
}

interface EventFields {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
}

/** What the newest warning of a pod says: volumes that can't be mounted, probes that fail. Undefined: there is none. */
export function eventTrouble(pod: KubernetesObject, events: readonly KubernetesObject[]): string | undefined {
  const timeOf = ({ lastTimestamp, eventTime }: EventFields): string => lastTimestamp ?? eventTime ?? "";
  const [newest] = (events as readonly EventFields[]).toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1));
  return newest && `pod ${pod.metadata.name}: ${said(newest.reason ?? "Warning", newest.message)}`;
}
