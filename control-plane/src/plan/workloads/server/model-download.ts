import type { Container, VolumeMount } from "../../../model/kubernetes.ts";
import type { PlanContext } from "../../context.ts";
import { readDownloadCredentials } from "./download-credentials.ts";
import type { Volume } from "./volume.ts";

/** Where a container finds the model that was downloaded for it. */
export const MODEL_FOLDER = "/mnt/models";

const PVC_SCHEME = "pvc://";
const PVC_VOLUME = "kfserving-pvc-source";
const PVC_FOLDER = "/mnt/pvc";
/** Longest name of a container or volume. */
const MAX_NAME_LENGTH = 63;

/** One model to be there before its container starts. */
export interface ModelDownload {
  readonly uri: string;
  /** Image of the node's own; absent: the operator's. */
  readonly image?: string;
  /** Secret whose entries become variables. */
  readonly secretName?: string;
  /** Whose Secrets give credentials. */
  readonly serviceAccount: string;
  /** Claims of the whole pod that models are taken from, in its order. */
  readonly claims: readonly string[];
  /** Init containers that the user has written for the pod: one that is named as the download's own is in its place. */
  readonly written: readonly Container[];
}

/** What a pod gets for it. */
export interface DownloadAdditions {
  /** The container with the model mounted. */
  readonly container: Container;
  readonly initContainers: readonly Container[];
  readonly volumes: readonly Volume[];
}

/** The claim that a URI `pvc://<claim>/<path>` names; undefined for others. */
export function claimOf(uri: string): string | undefined {
  return uri.startsWith(PVC_SCHEME) ? (uri.slice(PVC_SCHEME.length).split("/")[0] ?? "") : undefined;
}

function cutName(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH).replace(/-$/, "");
}

function mounted(container: Container, mounts: readonly VolumeMount[]): Container {
  const own = container.volumeMounts ?? [];
  const added = mounts.filter((mount) => !own.some(({ name }) => name === mount.name));
  return { ...container, volumeMounts: [...own, ...added] };
}

function modelMountOf({ volumeMounts = [] }: Container): VolumeMount | undefined {
  return volumeMounts.find(({ mountPath }) => mountPath.replace(/\/+$/, "") === MODEL_FOLDER);
}

/**
 * The user's own download is in the pod already. The container sees in the model's folder what that one has there, unless it mounts
 * something there itself: Kubernetes refuses two mounts at one path.
 */
function addToOwnDownload(container: Container, download: Container, model: VolumeMount): DownloadAdditions {
  const named = ({ volumeMounts = [] }: Container): boolean => volumeMounts.some(({ name }) => name === model.name);
  const mount = { ...(modelMountOf(download) ?? model), mountPath: MODEL_FOLDER, readOnly: true };
  const isThere = modelMountOf(container) !== undefined || named(container);
  const seeing = isThere ? container : { ...container, volumeMounts: [...(container.volumeMounts ?? []), mount] };
  const folders = [seeing, download].some(named) ? [{ name: model.name, emptyDir: {} }] : [];
  return { container: seeing, initContainers: [], volumes: folders };
}

interface PvcSource {
  readonly volume: Volume;
  readonly mount: VolumeMount;
  /** Where the model is in the claim, as the pod sees it. */
  readonly source: string;
}

/** A second claim of a pod has a volume of its own. */
function pvcSource(uri: string, claims: readonly string[]): PvcSource | undefined {
  const claim = claimOf(uri);
  if (claim === undefined) return undefined;
  const rank = [...new Set(claims)].indexOf(claim);
  const name = rank > 0 ? `${PVC_VOLUME}-${rank + 1}` : PVC_VOLUME;
  return {
    volume: { name, persistentVolumeClaim: { claimName: claim } },
    mount: { name, mountPath: PVC_FOLDER, readOnly: true },
    source: `${PVC_FOLDER}/${uri.slice(PVC_SCHEME.length + claim.length + 1)}`,
  };
}

function quantities(cpu: string, memory: string): Readonly<Record<string, string>> {
  return { ...(cpu === "" ? {} : { cpu }), ...(memory === "" ? {} : { memory }) };
}

/** The init container that fetches a model, and the mounts by which its container sees it (Seldon 1.17.1). */
export function addModelDownload(
  context: PlanContext,
  container: Container,
  { uri, image, secretName = "", serviceAccount, claims, written }: ModelDownload,
): DownloadAdditions {
  const { storageInitializer, credentials } = context.options.workloads;
  const pvc = pvcSource(uri, claims);
  const name = cutName(`${container.name}-model-initializer`);
  const volume = cutName(`${container.name}-provision-location`);
  const model: VolumeMount = { name: volume, mountPath: MODEL_FOLDER, readOnly: true };
  const ownDownload = written.find((one) => one.name === name);
  if (ownDownload !== undefined) return addToOwnDownload(container, ownDownload, model);
  const folder: Volume = { name: volume, emptyDir: {} };
  const found = readDownloadCredentials(context.credentialsOf?.(serviceAccount) ?? [], credentials);
  const initContainer: Container = {
    name,
    image: (image ?? "") === "" ? storageInitializer.image : (image ?? ""),
    imagePullPolicy: "IfNotPresent",
    args: [pvc?.source ?? uri, MODEL_FOLDER],
    ...(found.env.length === 0 ? {} : { env: found.env }),
    ...(secretName === "" ? {} : { envFrom: [{ secretRef: { name: secretName } }] }),
    resources: {
      limits: quantities(storageInitializer.cpuLimit, storageInitializer.memoryLimit),
      requests: quantities(storageInitializer.cpuRequest, storageInitializer.memoryRequest),
    },
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    volumeMounts: [
      ...(pvc === undefined ? [] : [pvc.mount]),
      { name: volume, mountPath: MODEL_FOLDER },
      ...found.volumeMounts,
    ],
  };
  return {
    container: mounted(container, [...(pvc === undefined ? [] : [pvc.mount]), model]),
    initContainers: [initContainer],
    volumes: [...(pvc === undefined ? [] : [pvc.volume]), folder, ...found.volumes],
  };
}
