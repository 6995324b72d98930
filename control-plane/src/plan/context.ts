import type { DefaultedDeployment } from "../model/defaulted.ts";
import type { Finding } from "../model/finding.ts";
import type { FieldPath } from "../model/model.ts";
import type { Protocol, Transport } from "./deployment-plan.ts";
import type { PlanOptions } from "./options.ts";

/** What every part of a plan needs to know about its deployment, and where it says what is wrong. */
export interface PlanContext {
  readonly resource: DefaultedDeployment;
  readonly namespace: string;
  readonly name: string;
  readonly protocol: Protocol;
  readonly transport: Transport;
  readonly options: PlanOptions;
  readonly report: (finding: Finding) => void;
}

/** An annotation of the deployment and where it stands. */
export interface FoundAnnotation {
  readonly value: string;
  readonly at: FieldPath;
}

/** Looks an annotation up as Seldon does: `spec.annotations`, then `metadata.annotations`. */
export function findAnnotation({ resource }: PlanContext, name: string): FoundAnnotation | undefined {
  const inSpec = resource.spec.annotations?.[name];
  if (inSpec !== undefined) return { value: inSpec, at: ["spec", "annotations", name] };
  const inMetadata = resource.metadata.annotations?.[name];
  return inMetadata === undefined ? undefined : { value: inMetadata, at: ["metadata", "annotations", name] };
}

/** Whole numbers as Go reads them; anything else is undefined. */
export function parseWholeNumber(text: string): number | undefined {
  if (!/^[+-]?\d{1,9}$/.test(text)) return undefined;
  return Number(text);
}
