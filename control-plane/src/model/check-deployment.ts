import { hasErrors, type Checked } from "../problem/problem.ts";
import { checkAnnotations } from "./check-annotations.ts";
import { applyDefaults } from "./defaults/apply-defaults.ts";
import type { DefaultedDeployment } from "./defaulted.ts";
import { problemOf, type Finding } from "./finding.ts";
import type { IdentifiedObject } from "./identify.ts";
import { checkMetadata } from "./validate/check-metadata.ts";
import { checkAgreement } from "./policy/check-agreement.ts";
import type { RoutePolicy } from "./route-policy.ts";
import { findDeepGraphs } from "./schema/bounds.ts";
import { checkShape } from "./schema/check-shape.ts";
import { fitFields } from "./schema/fields.ts";
import type { SeldonDeployment } from "./seldon-deployment.ts";
import type { ModelSettings } from "./settings.ts";
import { validateDeployment } from "./validate/validate-deployment.ts";

/** A deployment without errors, as applied and as defaulted. */
export interface CheckedDeployment {
  readonly raw: SeldonDeployment;
  readonly resource: DefaultedDeployment;
}

/** Everything that can be said about one object by itself and its policy. No value: it has errors. */
export function checkDeployment(
  object: IdentifiedObject,
  policy: RoutePolicy | undefined,
  settings: ModelSettings,
): Checked<CheckedDeployment | undefined> {
  const found: Finding[] = [];
  const raw = readDeployment(object, settings, found);
  if (raw !== undefined) {
    found.push(
      ...checkMetadata(raw.metadata),
      ...validateDeployment(raw, settings),
      ...checkAnnotations(raw),
      ...checkAgreement(raw, policy),
    );
  }
  const problems = found.map((finding) => problemOf(finding, object));
  if (raw === undefined || hasErrors(problems)) return { value: undefined, problems };
  return { value: { raw, resource: applyDefaults(raw, settings, object.portsInUse) }, problems };
}

/** The object as the type says, if its shape allows that. */
function readDeployment(
  object: IdentifiedObject,
  settings: ModelSettings,
  found: Finding[],
): SeldonDeployment | undefined {
  const tooDeep = findDeepGraphs(object.value, settings.limits);
  found.push(...tooDeep);
  if (tooDeep.length > 0) return undefined;
  const fitted = fitFields("seldon-deployment", object.value);
  const shape = checkShape("seldon-deployment", fitted.value);
  found.push(...shape, ...fitted.unknown);
  return shape.length > 0 ? undefined : (fitted.value as SeldonDeployment);
}
