import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { PROBLEM_CASES } from "../../model/problem-cases-for-tests.ts";

/** The object of one of the model's cases, its nulls dropped as the API server drops them. */
export function objectOfCase(name: string): Readonly<Record<string, unknown>> {
  const value = load(readFileSync(join(PROBLEM_CASES, name, "in.yaml"), "utf8"));
  return value as Readonly<Record<string, unknown>>;
}

/** What an API server sends. */
export function reviewOf(
  object: Readonly<Record<string, unknown>> | null,
  request: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "705ab4f5-6393-11e8-b7cc-42010a800002",
      kind: { group: "machinelearning.seldon.io", version: "v1", kind: "SeldonDeployment" },
      resource: { group: "machinelearning.seldon.io", version: "v1", resource: "seldondeployments" },
      name: "example",
      namespace: "default",
      operation: "CREATE",
      userInfo: { username: "somebody" },
      object,
      oldObject: null,
      dryRun: false,
      ...request,
    },
  };
}
