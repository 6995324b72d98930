import type { Container, VolumeMount } from "../kubernetes.ts";

/** The volume with the pod's annotations, and where it is mounted. */
const POD_INFO: VolumeMount = { name: "seldon-podinfo", mountPath: "/etc/podinfo" };
/** Its name before Seldon 1.2; such mounts are taken out. */
const OLD_POD_INFO_NAME = "podinfo";

/** A container of the graph with the fields that Seldon sets on it; what the user set stays. */
export function dressGraphContainer(
  container: Container,
  metricsPortName: string,
  nextMetricsPort: () => number,
): Container {
  const ports = container.ports ?? [];
  const hasMetrics = ports.some((port) => port.name === metricsPortName);
  return {
    imagePullPolicy: "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    ...container,
    volumeMounts: withPodInfo(container.volumeMounts ?? []),
    ports: hasMetrics
      ? ports
      : [...ports, { name: metricsPortName, containerPort: nextMetricsPort(), protocol: "TCP" }],
  };
}

function withPodInfo(mounts: readonly VolumeMount[]): readonly VolumeMount[] {
  const kept = mounts.filter((mount) => mount.name !== OLD_POD_INFO_NAME);
  return kept.some((mount) => mount.name === POD_INFO.name) ? kept : [...kept, POD_INFO];
}
