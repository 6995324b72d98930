import type { Container, PodSpec, StringMap, VolumeMount } from "../../model/kubernetes.ts";
import type { DefaultedPredictor } from "../../model/defaulted.ts";
import { lastOfEachName } from "../container-env.ts";
import type { PlanContext } from "../context.ts";
import type { Volume } from "./server/server-additions.ts";

/** Seconds that a pod gets to stop, unless it says otherwise. */
export const DEFAULT_GRACE_SECONDS = 20;

/** The pod's own annotations as a file: `/etc/podinfo/annotations`. */
export const POD_INFO_VOLUME: Volume = {
  name: "seldon-podinfo",
  downwardAPI: { items: [{ path: "annotations", fieldRef: { apiVersion: "v1", fieldPath: "metadata.annotations" } }] },
};
export const POD_INFO_MOUNT: VolumeMount = { name: "seldon-podinfo", mountPath: "/etc/podinfo" };

/** What tells Prometheus to scrape a pod; what the user says about it wins. */
export function prometheusAnnotations({ options }: PlanContext): StringMap {
  return { "prometheus.io/path": options.prometheusPath, "prometheus.io/scrape": "true" };
}

/** The pod's own security context, else DEFAULT_USER_ID. */
export function podSecurityContext(
  { options }: PlanContext,
  own: PodSpec["securityContext"],
): Pick<PodSpec, "securityContext"> {
  if (own !== undefined) return { securityContext: own };
  return userContext(options.workloads.defaultUserId);
}

/** `runAsUser` of a setting; nothing where the setting is empty. */
export function userContext(userId: string): { readonly securityContext?: { readonly runAsUser: number } } {
  return userId === "" ? {} : { securityContext: { runAsUser: Number(userId) } };
}

const CERTIFICATE_VOLUME = "seldon-cert-volume";

/** Volumes by name; the user's own before those that are added. */
export function joinVolumes(own: PodSpec["volumes"], added: readonly Volume[]): readonly Volume[] {
  const names = new Set<string>();
  const all = [...((own ?? []) as readonly Volume[]), ...added];
  return all.filter(({ name }) => !names.has(name) && names.add(name));
}

/** The volume with the certificate of `ssl.certSecretName`, if the predictor has one. */
export function certificateVolumes({ ssl }: DefaultedPredictor): readonly Volume[] {
  const secretName = ssl?.certSecretName ?? "";
  return secretName === "" ? [] : [{ name: CERTIFICATE_VOLUME, secret: { secretName } }];
}

/** True when the predictor is served by TLS. */
export function hasCertificate(predictor: DefaultedPredictor): boolean {
  return certificateVolumes(predictor).length > 0;
}

/** A container that finds the certificate in its mounts and in SELDON_CERT_MOUNT_PATH. */
export function withCertificate({ options }: PlanContext, container: Container): Container {
  const mountPath = options.workloads.certMountPath;
  const mounts = (container.volumeMounts ?? []).filter((one) => one.name !== CERTIFICATE_VOLUME);
  const variable = { name: "SELDON_CERT_MOUNT_PATH", value: mountPath };
  return {
    ...container,
    env: lastOfEachName([...(container.env ?? []), variable]),
    volumeMounts: [...mounts, { name: CERTIFICATE_VOLUME, mountPath, readOnly: true }],
  };
}
