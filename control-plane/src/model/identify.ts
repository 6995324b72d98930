import type { Problem, Severity } from "../problem/problem.ts";
import { problemOf, type Finding, type Place } from "./finding.ts";
import type { PortsInUse, SourceObject } from "./model.ts";
import { findNearest } from "./nearest.ts";
import { isRecord, ownValue } from "./path.ts";
import { ROUTE_POLICY_API_VERSION, ROUTE_POLICY_KIND } from "./route-policy.ts";
import { findOversize } from "./schema/bounds.ts";
import type { ResourceSchema } from "./schema/registry.ts";
import { SELDON_GROUP, SELDON_KIND, SELDON_VERSIONS } from "./seldon-deployment.ts";
import type { ModelSettings } from "./settings.ts";

/** An object of a kind that is read here, with a name. */
export interface IdentifiedObject extends Place {
  readonly resource: ResourceSchema;
  /** `<namespace>/<name>`. */
  readonly object: string;
  readonly namespace: string;
  readonly name: string;
  readonly value: unknown;
  readonly portsInUse?: PortsInUse;
}

export interface Identified {
  readonly objects: readonly IdentifiedObject[];
  /** What could not be made out, and what was left out. */
  readonly problems: readonly Problem[];
  /** Problems of objects that stand twice, by {@link identityOf}. */
  readonly duplicates: ReadonlyMap<string, readonly Problem[]>;
}

/** Equal for two objects that Kubernetes would store as one. */
export function identityOf({ resource, object }: IdentifiedObject): string {
  return `${resource} ${object}`;
}

/** Says which objects are ours, looking into lists; everything else becomes a problem or a warning. */
export function identifyObjects(sources: readonly SourceObject[], settings: ModelSettings): Identified {
  const objects: IdentifiedObject[] = [];
  const problems: Problem[] = [];
  const waiting = sources.toReversed();
  for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
    const place: Place = { ...source, object: describeObject(source.value, settings) };
    const oversize = findOversize(source.value, settings.limits);
    const items = oversize === undefined ? listItems(source) : undefined;
    if (items !== undefined) {
      waiting.push(...items.toReversed());
      continue;
    }
    const found = oversize ?? identify(source, settings);
    if ("code" in found) problems.push(problemOf(found, place));
    else objects.push(found);
  }
  return { objects, problems, duplicates: findDuplicates(objects, settings) };
}

/** The members of a `List` or of any `<Kind>List`. */
function listItems(source: SourceObject): readonly SourceObject[] | undefined {
  const kind = ownValue(source.value, "kind");
  const items = ownValue(source.value, "items");
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return undefined;
  return items.map((value: unknown, index) => ({
    ...source,
    value,
    locate: (path) => source.locate?.(["items", index, ...path]),
  }));
}

function identify(source: SourceObject, settings: ModelSettings): IdentifiedObject | Finding {
  const { value } = source;
  if (!isRecord(value)) return { code: "ObjectNotMap", at: [], message: "the document is not a map" };
  const resource = recognize(value);
  if (typeof resource !== "string") return resource;
  const metadata = ownValue(value, "metadata");
  const name = ownValue(metadata, "name");
  if (typeof name !== "string" || name === "") {
    const given = name !== undefined && name !== null && name !== "";
    const message = given ? "metadata.name must be a text" : `the ${kindOf(resource)} has no metadata.name`;
    const hint = given ? { hint: "put the name in quotes; a template must be rendered first" } : {};
    return { code: "NameMissing", at: ["metadata", "name"], message, ...hint };
  }
  const namespace = namespaceOf(metadata, settings);
  return { ...source, resource, object: `${namespace}/${name}`, namespace, name };
}

function recognize(value: Readonly<Record<string, unknown>>): ResourceSchema | Finding {
  const apiVersion = ownValue(value, "apiVersion");
  const kind = ownValue(value, "kind");
  if (isAbsent(apiVersion) && kind !== SELDON_KIND && kind !== ROUTE_POLICY_KIND) {
    return { code: "ObjectForeign", at: [], message: "the object has no apiVersion, and no kind that is known here" };
  }
  for (const [field, text] of [
    ["apiVersion", apiVersion],
    ["kind", kind],
  ] as const) {
    if (typeof text === "string" && text !== "") continue;
    const message = isAbsent(text) ? `the object has no ${field}` : `${field} must be a text`;
    return { code: "KindMissing", at: [field], message };
  }
  const version = String(apiVersion);
  if (kind === SELDON_KIND && SELDON_VERSIONS.some((one) => version === `${SELDON_GROUP}/${one}`))
    return "seldon-deployment";
  if (kind === ROUTE_POLICY_KIND && version === ROUTE_POLICY_API_VERSION) return "route-policy";
  const ours = version.startsWith(`${SELDON_GROUP}/`) || version.startsWith("graphway.dev/");
  if (!ours && kind !== SELDON_KIND && kind !== ROUTE_POLICY_KIND) {
    return { code: "KindSkipped", at: ["kind"], message: `${version} ${String(kind)} is not read and was left out` };
  }
  const known = ours && (kind === SELDON_KIND || kind === ROUTE_POLICY_KIND);
  const nearest = ours && !known ? findNearest(String(kind), [SELDON_KIND, ROUTE_POLICY_KIND]) : undefined;
  return {
    code: "KindUnknown",
    at: [known ? "apiVersion" : "kind"],
    message: `there is no ${String(kind)} in ${version}`,
    ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
  };
}

function kindOf(resource: ResourceSchema): string {
  return resource === "seldon-deployment" ? SELDON_KIND : ROUTE_POLICY_KIND;
}

function namespaceOf(metadata: unknown, settings: ModelSettings): string {
  const namespace = ownValue(metadata, "namespace");
  return typeof namespace === "string" && namespace !== "" ? namespace : settings.defaultNamespace;
}

function describeObject(value: unknown, settings: ModelSettings): string {
  const metadata = ownValue(value, "metadata");
  const name = ownValue(metadata, "name");
  return typeof name === "string" && name !== "" ? `${namespaceOf(metadata, settings)}/${name}` : "";
}

/** What speaks against objects whose kind, namespace and name another one had before; it names both places. */
function findDuplicates(
  objects: readonly IdentifiedObject[],
  settings: ModelSettings,
): ReadonlyMap<string, readonly Problem[]> {
  const groups = Map.groupBy(objects, identityOf);
  return new Map(
    [...groups].flatMap(([id, [first, ...later]]) =>
      first === undefined || later.length === 0 ? [] : [[id, duplicatesOf(first, later, settings)]],
    ),
  );
}

/** One problem each; where other files are no error, one for all of them: variants of one object often stand side by side. */
function duplicatesOf(
  first: IdentifiedObject,
  later: readonly IdentifiedObject[],
  { duplicateAcrossFiles }: ModelSettings,
): readonly Problem[] {
  const what = `${kindOf(first.resource)} ${first.object}`;
  const elsewhere = later.filter(({ file }) => duplicateAcrossFiles === "warning" && file !== first.file);
  const message = `${what} stands twice: here and in ${describePlace(first)}`;
  const errors = later.filter((one) => !elsewhere.includes(one)).map((one) => duplicate(one, message, "error"));
  const [second] = elsewhere;
  if (second === undefined) return errors;
  const more = elsewhere.length === 1 ? "" : ` and ${elsewhere.length - 1} more`;
  const many = `${what} stands in ${elsewhere.length + 1} places: here, in ${describePlace(first)}${more}`;
  return [...errors, duplicate(second, elsewhere.length === 1 ? message : many, "warning")];
}

function duplicate(object: IdentifiedObject, message: string, severity: Severity): Problem {
  const hint = severity === "warning" ? "apply only one of them, or rename the others" : undefined;
  const finding = { code: "ObjectDuplicate", at: ["metadata", "name"], message, severity } as const;
  return problemOf(hint === undefined ? finding : { ...finding, hint }, object);
}

function describePlace(object: IdentifiedObject): string {
  const position = object.locate?.(["metadata", "name"]);
  const where = position === undefined ? "" : `:${position.line}:${position.column}`;
  return object.file === undefined ? "another object" : `${object.file}${where}`;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
