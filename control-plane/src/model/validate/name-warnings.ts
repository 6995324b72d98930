import type { Finding } from "../finding.ts";
import { containersOf } from "../graph.ts";
import type { FieldPath } from "../model.ts";
import { isDnsLabel, isLabelValue } from "./check-metadata.ts";
import type { Rule } from "./rule.ts";

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
        if (isDnsLabel(container.name)) return;
        const at = [...base, "componentSpecs", pod, "spec", "containers", position, "name"];
        findings.push(notDns(at, "container name", container.name));
      });
    });
    return findings;
  });
