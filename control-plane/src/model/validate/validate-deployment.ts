import type { Finding } from "../finding.ts";
import type { SeldonDeployment } from "../seldon-deployment.ts";
import type { ModelSettings } from "../settings.ts";
import { checkBranchParameters } from "./branch-parameters.ts";
import { checkNodes } from "./graph-rules.ts";
import { checkCount, checkNoEngine, checkPredictorNames } from "./predictor-rules.ts";
import type { Rule } from "./rule.ts";
import { checkEndpointTypes, checkEnums, checkKafka } from "./spec-rules.ts";
import { checkShadows, checkTraffic } from "./traffic-rules.ts";
import { warnOfContainers, warnOfEngine } from "./pod-warnings.ts";
import { warnOfGraph } from "./graph-warnings.ts";
import { warnOfTraffic } from "./traffic-warnings.ts";
import { warnOfNames } from "./name-warnings.ts";

/** The 21 rules of Seldon 1.17.1's webhook. */
const SELDON_RULES: readonly Rule[] = [
  checkEnums,
  checkKafka,
  checkCount,
  checkPredictorNames,
  checkNoEngine,
  checkNodes,
  checkEndpointTypes,
  checkShadows,
  checkTraffic,
];

/** What is ours and can be wrong. */
const OWN_RULES: readonly Rule[] = [checkBranchParameters];

/** What Seldon accepts although it cannot be meant, or fails on later. Warnings only. */
const WARNINGS: readonly Rule[] = [warnOfNames, warnOfGraph, warnOfContainers, warnOfEngine, warnOfTraffic];

/** Everything that speaks against a deployment as applied; nothing stops at the first. */
export function validateDeployment({ spec }: SeldonDeployment, settings: ModelSettings): readonly Finding[] {
  return [...SELDON_RULES, ...OWN_RULES, ...WARNINGS].flatMap((rule) => rule(spec, settings));
}
