import type { Finding } from "../finding.ts";
import type { SeldonDeploymentSpec } from "../seldon-deployment.ts";
import type { ModelSettings } from "../settings.ts";

/** One check of the specification as applied, before defaults. Says everything that breaks it. */
export type Rule = (spec: SeldonDeploymentSpec, settings: ModelSettings) => readonly Finding[];
