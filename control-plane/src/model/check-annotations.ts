import { describeForm, faultOf, readInteger } from "./annotation-values.ts";
import {
  ANNOTATIONS,
  ENGINE_PREFIX,
  findAnnotation,
  isOurKey,
  LEGACY_ANNOTATIONS,
  type AnnotationRow,
  type AnnotationSite,
} from "./annotations.ts";
import type { Finding } from "./finding.ts";
import type { StringMap } from "./kubernetes.ts";
import type { FieldPath } from "./model.ts";
import { findNearest } from "./nearest.ts";
import type { SeldonDeployment } from "./seldon-deployment.ts";

interface AnnotationMap {
  readonly site: AnnotationSite;
  readonly path: FieldPath;
  readonly annotations: StringMap;
}

const SITE_NAMES: Readonly<Record<AnnotationSite, string>> = {
  spec: "spec.annotations",
  metadata: "metadata.annotations",
  predictor: "the predictor's annotations",
  pod: "the componentSpec's metadata.annotations",
};

/** Reports annotations of seldon.io and graphway.dev that are unknown, in the wrong place, without effect or malformed. */
export function checkAnnotations(deployment: SeldonDeployment): readonly Finding[] {
  return collectMaps(deployment).flatMap(({ site, path, annotations }) => {
    const ours = Object.entries(annotations).filter(([key]) => isOurKey(key));
    const legacy = ours.flatMap(([key]) => (LEGACY_ANNOTATIONS.includes(key) ? [key] : []));
    const idle = ours.flatMap(([key]) => (isIdle(key, site) || lacksPartner(key, deployment) ? [key] : []));
    return [
      ...ours
        .filter(([key]) => !legacy.includes(key) && !idle.includes(key))
        .flatMap(([key, value]) => checkOne(key, value, site, [...path, key], deployment)),
      ...about("AnnotationUnknown", path, legacy, "read by older versions of Seldon and by nothing since", "remove"),
      ...about("AnnotationWithoutEffect", path, idle, "for Ambassador and without effect here", "ignore or remove"),
    ];
  });
}

/** Two annotations that mean something only together: whose requests, and which of them. */
const PARTNERS: Readonly<Partial<Record<string, string>>> = {
  "seldon.io/ambassador-header": "seldon.io/ambassador-service-name",
  "seldon.io/ambassador-service-name": "seldon.io/ambassador-header",
};

function lacksPartner(key: string, { spec, metadata }: SeldonDeployment): boolean {
  const partner = Object.hasOwn(PARTNERS, key) ? PARTNERS[key] : undefined;
  if (partner === undefined) return false;
  return [spec.annotations, metadata.annotations].every((map) => map === undefined || !Object.hasOwn(map, partner));
}

/** Known, in its place, and still without effect. */
function isIdle(key: string, site: AnnotationSite): boolean {
  const row = findAnnotation(key);
  return row !== undefined && !row.effective && row.sites.includes(site);
}

/** One finding for all annotations of a map that share a fate. */
function about(
  code: Finding["code"],
  path: FieldPath,
  keys: readonly string[],
  fate: string,
  remedy: string,
): readonly Finding[] {
  const [first, ...others] = keys;
  if (first === undefined) return [];
  const [are, them] = others.length === 0 ? ["is", "it"] : ["are", "them"];
  const message = `${keys.join(", ")} ${are} ${fate}`;
  return [{ code, at: [...path, first], message, hint: `${remedy} ${them}; docs/annotations.md has what is read` }];
}

function collectMaps({ metadata, spec }: SeldonDeployment): readonly AnnotationMap[] {
  const map = (site: AnnotationSite, annotations: StringMap | undefined, path: FieldPath): readonly AnnotationMap[] =>
    annotations === undefined ? [] : [{ site, path, annotations }];
  return [
    ...map("metadata", metadata.annotations, ["metadata", "annotations"]),
    ...map("spec", spec.annotations, ["spec", "annotations"]),
    ...spec.predictors.flatMap(({ annotations, componentSpecs }, index) => [
      ...map("predictor", annotations, ["spec", "predictors", index, "annotations"]),
      ...(componentSpecs ?? []).flatMap((pod, position) =>
        map("pod", pod.metadata?.annotations, [
          ...["spec", "predictors", index, "componentSpecs", position, "metadata", "annotations"],
        ]),
      ),
    ]),
  ];
}

function checkOne(
  key: string,
  value: string,
  site: AnnotationSite,
  at: FieldPath,
  deployment: SeldonDeployment,
): readonly Finding[] {
  const row = findAnnotation(key);
  if (row === undefined) return checkUnlisted(key, site, at);
  if (!row.sites.includes(site)) return [misplaced(key, row.sites, site, at)];
  const fault = faultOf(row.form, value);
  if (fault === undefined) return checkProtocol(key, value, at, deployment);
  return [
    {
      code: "AnnotationMalformed",
      at,
      message: value.trim() === "" ? `the value of ${key} is empty` : `${JSON.stringify(value)} ${fault}`,
      hint: row.form.type === "text" ? "write a value, or remove the annotation" : `write ${describeForm(row.form)}`,
      severity: severityOf(row, value, deployment),
    },
  ];
}

/** Only Seldon's own messages have a `meta`. */
function checkProtocol(key: string, value: string, at: FieldPath, { spec }: SeldonDeployment): readonly Finding[] {
  const protocol = spec.protocol ?? "";
  if (key !== "graphway.dev/merge-meta" || value.toLowerCase() !== "true") return [];
  if (protocol === "" || protocol === "seldon") return [];
  const message = `${key} has no effect with protocol ${protocol}, whose messages have no meta`;
  return [{ code: "AnnotationWithoutEffect", at, message, hint: "remove it, or use protocol seldon" }];
}

/** Seldon fails where it cannot read a number; one that it reads and makes nothing of is a warning. */
function severityOf(row: AnnotationRow, value: string, { spec, metadata }: SeldonDeployment): "error" | "warning" {
  if (row.form.type === "integer" && readInteger(value) !== undefined) return "warning";
  if (row.key !== "seldon.io/istio-retries-timeout") return row.onMalformed;
  const retries = spec.annotations?.["seldon.io/istio-retries"] ?? metadata.annotations?.["seldon.io/istio-retries"];
  return (readInteger(retries ?? "") ?? 0) > 0 ? row.onMalformed : "warning";
}

function checkUnlisted(key: string, site: AnnotationSite, at: FieldPath): readonly Finding[] {
  if (key.startsWith(ENGINE_PREFIX)) return site === "spec" ? [] : [misplaced(key, ["spec"], site, at)];
  const known = ANNOTATIONS.filter((row) => row.sites.includes(site)).map((row) => row.key);
  const nearest =
    findNearest(key, known) ??
    findNearest(
      key,
      ANNOTATIONS.map((row) => row.key),
    );
  const hint = nearest === undefined ? {} : { hint: `did you mean ${nearest}?` };
  return [{ code: "AnnotationUnknown", at, message: `there is no annotation ${key}`, ...hint }];
}

function misplaced(key: string, sites: readonly AnnotationSite[], site: AnnotationSite, at: FieldPath): Finding {
  const where = sites.map((one) => SITE_NAMES[one]).join(" or ");
  return {
    code: "AnnotationMisplaced",
    at,
    message: `${key} is not read in ${SITE_NAMES[site]}`,
    hint: `move it to ${where}`,
  };
}
