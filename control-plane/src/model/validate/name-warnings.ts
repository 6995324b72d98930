import type { Finding } from "../finding.ts";
import { containersOf } from "../graph.ts";
import type { FieldPath } from "../model.ts";
import { isDnsLabel, isLabelValue } from "./check-metadata.ts";
import type { Rule } from "./rule.ts";

/** `seldon-app-svc-<container>` is the key of a label, and those have at most 63 characters. */
const LONGEST_CONTAINER_NAME = 48;

function notDns(at: FieldPath, what: string, name: string): Finding {
  return { code: "NameNotDns", at, message: `the ${what} ${JSON.stringify(name)} is not a DNS label` };
}

/** Names and labels that Seldon accepts and Kubernetes refuses on the objects made from them. */
export const warnOfNames: Rule = ({ predictors }) =>
  predictors.flatMap((predictor, index) => {
    const base: FieldPath = ["spec", "predictors", index];
    const findings: Finding[] = [];
    if (!isDnsLabel(predictor.name)) findings.push(notDns([...base, "name"], "predictor name", predictor.name));
    const serviceName = predictor.annotations?.["seldon.io/svc-name"];
    if (serviceName !== undefined && !isDnsLabel(serviceName)) {
      findings.push(notDns([...base, "annotations", "seldon.io/svc-name"], "Service name", serviceName));
    }
    for (const [key, value] of Object.entries(predictor.labels ?? {})) {
      if (isLabelValue(value)) continue;
      const message = `${JSON.stringify(value)} is not a label value that Kubernetes takes`;
      findings.push({ code: "NameNotDns", at: [...base, "labels", key], message });
    }
    predictor.componentSpecs?.forEach((componentSpec, pod) => {
      containersOf(componentSpec).forEach((container, position) => {
        const at = [...base, "componentSpecs", pod, "spec", "containers", position, "name"];
        findings.push(...containerName(at, container.name));
      });
    });
    return findings;
  });

function containerName(at: FieldPath, name: string): readonly Finding[] {
  if (!isDnsLabel(name)) return [notDns(at, "container name", name)];
  if (name.length <= LONGEST_CONTAINER_NAME) return [];
  const message = `the container name has ${name.length} characters, more than ${LONGEST_CONTAINER_NAME}: its label's key would be too long`;
  return [{ code: "NameNotDns", at, message, hint: "use a shorter name" }];
}
