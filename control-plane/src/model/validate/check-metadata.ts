import type { Finding } from "../finding.ts";
import type { ObjectMeta } from "../kubernetes.ts";

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const LONGEST_LABEL = 63;
const LONGEST_SUBDOMAIN = 253;
const LARGEST_ANNOTATIONS = 256 * 1024;
const KEY_HINT = "write name or domain/name, of letters, digits, -, _ and .";

/** True for a name that may stand in host names: RFC 1123, at most 63 characters. */
export function isDnsLabel(name: string): boolean {
  return name.length <= LONGEST_LABEL && LABEL.test(name);
}

/** True for a label value that Kubernetes takes. */
export function isLabelValue(value: string): boolean {
  return value.length <= LONGEST_LABEL && LABEL_VALUE.test(value);
}

/** True for the key of a label or an annotation: a name, after a DNS domain and a slash or alone. */
function isQualifiedName(key: string): boolean {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 1 ? undefined : parts[0];
  if (parts.length > 2 || name === "" || !isLabelValue(name)) return false;
  return prefix === undefined || (prefix.length <= LONGEST_SUBDOMAIN && SUBDOMAIN.test(prefix));
}

function notKey(what: string, key: string): string {
  return `${JSON.stringify(key)} is not a key of ${what} that Kubernetes takes`;
}

/** What Kubernetes refuses about an object's own metadata, whatever its kind. */
export function checkMetadata({
  name = "",
  namespace = "",
  labels = {},
  annotations = {},
}: ObjectMeta): readonly Finding[] {
  const findings: Finding[] = [];
  const refuse = (at: Finding["at"], message: string, hint?: string): void => {
    findings.push({ code: "NameInvalid", at, message, ...(hint === undefined ? {} : { hint }) });
  };
  if (name.length > LONGEST_SUBDOMAIN || !SUBDOMAIN.test(name)) {
    refuse(["metadata", "name"], `${JSON.stringify(name)} is not a name that Kubernetes takes`);
  }
  if (namespace !== "" && !isDnsLabel(namespace)) {
    refuse(["metadata", "namespace"], `${JSON.stringify(namespace)} is not a namespace that Kubernetes takes`);
  }
  for (const [key, value] of Object.entries(labels)) {
    if (!isQualifiedName(key)) refuse(["metadata", "labels", key], notKey("a label", key), KEY_HINT);
    if (isLabelValue(value)) continue;
    const message = `${JSON.stringify(value)} is not a label value that Kubernetes takes`;
    refuse(
      ["metadata", "labels", key],
      message,
      "use at most 63 letters, digits, -, _ and ., beginning and ending with a letter or digit",
    );
  }
  for (const key of Object.keys(annotations)) {
    if (!isQualifiedName(key.toLowerCase()))
      refuse(["metadata", "annotations", key], notKey("an annotation", key), KEY_HINT);
  }
  const size = Object.entries(annotations).reduce((total, one) => total + Buffer.byteLength(one.join("")), 0);
  if (size > LARGEST_ANNOTATIONS) {
    const message = `the annotations have ${size} bytes, more than the ${LARGEST_ANNOTATIONS} that Kubernetes takes`;
    refuse(["metadata", "annotations"], message, "remove some of them");
  }
  return findings;
}
