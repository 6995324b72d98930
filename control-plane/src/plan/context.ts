import type { DefaultedDeployment } from "../model/defaulted.ts";
import type { Finding } from "../model/finding.ts";
import type { DeploymentAnnotations } from "../model/read-annotations.ts";
import type { Protocol, Transport } from "./deployment-plan.ts";
import type { PlanOptions } from "./options.ts";

/** What every part of a plan needs to know about its deployment, and where it says what is wrong. */
export interface PlanContext {
  readonly resource: DefaultedDeployment;
  readonly annotations: DeploymentAnnotations;
  readonly namespace: string;
  readonly name: string;
  readonly protocol: Protocol;
  readonly transport: Transport;
  readonly options: PlanOptions;
  readonly report: (finding: Finding) => void;
}
