import { loadObjects } from "../../model/load.ts";
import { isRecord, ownValue } from "../../model/path.ts";
import { ROUTE_POLICY_API_VERSION, ROUTE_POLICY_KIND } from "../../model/route-policy.ts";
import type { ModelSettings } from "../../model/settings.ts";
import type { ProblemCode } from "../../problem/codes.ts";
import type { Problem } from "../../problem/problem.ts";
import { envelope, type AdmissionRequest, type AdmissionReviewResponse, type StatusCause } from "./admission-review.ts";
import type { ReviewedKind } from "./kinds.ts";
import { isSeldonRule, seldonCauses } from "./seldon-causes.ts";
import { hintsOf, warningsOf } from "./warnings.ts";

/** The group that Seldon 1.17.1 names in its errors; the odd spelling is Seldon's. */
const SELDON_ERROR_GROUP = "machinelearing.seldon.io";

/** What no API server that knows the schema would take; Seldon's would refuse or drop it as well. */
const SHAPE_CODES: ReadonlySet<ProblemCode> = new Set([
  "ObjectNotMap",
  "KindMissing",
  "KindUnknown",
  "ObjectForeign",
  "NameMissing",
  "NameInvalid",
  "FieldMissing",
  "FieldWrong",
  "GraphTooDeep",
  "TextTooLarge",
] as const);

/** A webhook sees one object: whether the other one is there is not for it to say. */
const BEYOND_ONE_OBJECT: ReadonlySet<ProblemCode> = new Set(["PolicyTargetMissing"] as const);

/**
 * Judges one request. Refuses a SeldonDeployment for Seldon's 21 rules, and for what could not be stored as it is
 * meant; everything else that speaks against it is a warning. DELETE is always allowed, and so is any change to an
 * object that is being deleted, since nothing else would let it go.
 */
export function reviewAdmission(
  kind: ReviewedKind,
  request: AdmissionRequest,
  settings: ModelSettings,
): AdmissionReviewResponse {
  const { uid, operation, object } = request;
  const isGoing = ownValue(ownValue(object, "metadata"), "deletionTimestamp") !== undefined;
  if (operation === "DELETE" || operation === "CONNECT" || isGoing) return allow(uid, []);
  if (!isRecord(object)) {
    const status = { status: "Failure", code: 400, reason: "BadRequest", message: "the review has no object" } as const;
    return envelope({ uid, allowed: false, status });
  }
  const { problems } = loadObjects([{ value: withIdentity(object, request) }], settings);
  const own = problems.filter(({ code }) => !BEYOND_ONE_OBJECT.has(code));
  const refused = own.filter((problem) => refuses(kind, problem));
  if (refused.length === 0) return allow(uid, own);
  return refuse(kind, request, refused);
}

function refuses(kind: ReviewedKind, { code, severity }: Problem): boolean {
  if (severity !== "error") return false;
  return kind === ROUTE_POLICY_KIND || isSeldonRule(code) || SHAPE_CODES.has(code);
}

/** The object with the name and namespace that it is about to get. */
function withIdentity(object: Readonly<Record<string, unknown>>, { name, namespace }: AdmissionRequest): unknown {
  const metadata = ownValue(object, "metadata");
  const given = isRecord(metadata) ? metadata : {};
  const prefix = given["generateName"];
  const madeUp = name !== "" ? name : typeof prefix === "string" ? `${prefix}00000` : undefined;
  return {
    ...object,
    metadata: {
      ...given,
      ...(given["name"] === undefined && madeUp !== undefined ? { name: madeUp } : {}),
      ...(given["namespace"] === undefined && namespace !== "" ? { namespace } : {}),
    },
  };
}

function allow(uid: string, problems: readonly Problem[]): AdmissionReviewResponse {
  const warnings = warningsOf(problems);
  const status = { status: "Success", code: 200 } as const;
  return envelope({ uid, allowed: true, status, ...(warnings.length === 0 ? {} : { warnings }) });
}

function refuse(kind: ReviewedKind, request: AdmissionRequest, problems: readonly Problem[]): AdmissionReviewResponse {
  const subject = subjectOf(kind, request);
  const spec = ownValue(request.object, "spec");
  const others = problems.filter(({ code }) => !isSeldonRule(code));
  const causes = [...seldonCauses(problems, spec), ...others.map(causeOf)];
  const { group, name } = subject;
  return envelope({
    uid: request.uid,
    allowed: false,
    status: {
      status: "Failure",
      code: 422,
      reason: "Invalid",
      message: `${kind}.${group} ${JSON.stringify(name)} is invalid: ${joinCauses(causes)}`,
      details: { ...(name === "" ? {} : { name }), group, kind, causes },
    },
    warnings: hintsOf(problems),
  });
}

/** Seldon names its objects by the deprecated `spec.name`, so that most have no name; then it is their own here. */
function subjectOf(kind: ReviewedKind, { object, name }: AdmissionRequest): { group: string; name: string } {
  if (kind === ROUTE_POLICY_KIND) return { group: ROUTE_POLICY_API_VERSION.split("/")[0] ?? "", name };
  const specName = ownValue(ownValue(object, "spec"), "name");
  return { group: SELDON_ERROR_GROUP, name: typeof specName === "string" && specName !== "" ? specName : name };
}

function causeOf({ code, path, message }: Problem): StatusCause {
  return { reason: code === "FieldMissing" ? "FieldValueRequired" : "FieldValueInvalid", message, field: path };
}

/** As Kubernetes joins several errors: each once, in brackets. */
function joinCauses(causes: readonly StatusCause[]): string {
  const texts = [...new Set(causes.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)))];
  return texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(", ")}]`;
}
