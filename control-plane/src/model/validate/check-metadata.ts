import type { Finding } from "../finding.ts";
import type { ObjectMeta } from "../kubernetes.ts";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const LONGEST_LABEL = 63;
const LONGEST_SUBDOMAIN = 253;

/** True for a name that may stand in host names: RFC 1123, at most 63 characters. */
export function isDnsLabel(name: string): boolean {
  return name.length <= LONGEST_LABEL && LABEL.test(name);
}

/** True for a label value that Kubernetes takes. */
export function isLabelValue(value: string): boolean {
  return value.length <= LONGEST_LABEL && LABEL_VALUE.test(value);
}

/** What Kubernetes refuses about an object's own metadata, whatever its kind. */
export function checkMetadata({ name = "", namespace = "", labels = {} }: ObjectMeta): readonly Finding[] {
  const findings: Finding[] = [];
  const refuse = (at: Finding["at"], message: string): void => {
    findings.push({ code: "NameInvalid", at, message });
  };
  if (name.length > LONGEST_SUBDOMAIN || !SUBDOMAIN.test(name)) {
    refuse(["metadata", "name"], `${JSON.stringify(name)} is not a name that Kubernetes takes`);
  }
  if (namespace !== "" && !isDnsLabel(namespace)) {
    refuse(["metadata", "namespace"], `${JSON.stringify(namespace)} is not a namespace that Kubernetes takes`);
  }
  for (const [key, value] of Object.entries(labels)) {
    if (isLabelValue(value)) continue;
    refuse(["metadata", "labels", key], `${JSON.stringify(value)} is not a label value that Kubernetes takes`);
  }
  return findings;
}
