import type { DefaultedDeployment } from "../model/defaulted.ts";
import type { Finding } from "../model/finding.ts";
import type { DeploymentAnnotations } from "../model/read-annotations.ts";
import type { Protocol, Transport } from "./deployment-plan.ts";
import type { PlanOptions } from "./options.ts";
import type { CredentialSource } from "./workloads/server/download-credentials.ts";

/** What every part of a plan needs to know about its deployment, and where it says what is wrong. */
export interface PlanContext {
  readonly resource: DefaultedDeployment;
  readonly annotations: DeploymentAnnotations;
  readonly namespace: string;
  readonly name: string;
  readonly protocol: Protocol;
  readonly transport: Transport;
  readonly options: PlanOptions;
  /** Secrets for downloads that a service account lists; absent: nobody knows of any. */
  readonly credentialsOf?: CredentialSource;
  /** Predictors whose orchestrator is to run beside the model where it can, whatever the resource says. */
  readonly orchestratorBeside?: ReadonlySet<string>;
  readonly report: (finding: Finding) => void;
}

/** Largest number that every wire format here can hold; as milliseconds 24 days, as bytes Seldon's own maximum. */
const MAX_INT32 = 2_147_483_647;

/** A number from an annotation, at most what can be passed on: beyond that it makes no difference. */
export function cap(number: number): number {
  return Math.min(number, MAX_INT32);
}
