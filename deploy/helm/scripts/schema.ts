import type { ChartValue } from "./chart-values.ts";

/** Values that are one of a few. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  "image.pullPolicy": ["Always", "IfNotPresent", "Never"],
  "executor.image.pullPolicy": ["Always", "IfNotPresent", "Never"],
  "gateway.image.pullPolicy": ["Always", "IfNotPresent", "Never"],
  "gateway.accessLog": ["off", "json"],
  "gateway.service.type": ["ClusterIP", "NodePort", "LoadBalancer"],
  "istio.tlsMode": ["", "DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"],
  "istio.mesh.mtls": ["", "STRICT", "PERMISSIVE"],
  "istio.mesh.identity": ["", "scope", "peer", "token"],
  "webhook.failurePolicy": ["Fail", "Ignore"],
  "xds.auth": ["token", "none"],
  "manager.adopt": ["keep", "roll"],
};

/** Durations: a number without a unit would end the program at its start. */
const DURATIONS = new Set(["istio.filter.settle", "manager.drain", "orchestrator.shutdownDelay"]);
const DURATION = { anyOf: [{ type: "string", pattern: "^(0|([0-9]+([.][0-9]+)?(ms|s|m|h))+)$" }, { const: 0 }] };

/** Numbers that users of Seldon's chart also give as text: OpenShift's users of a range, or none. */
const NUMBERS_AS_TEXT = new Set(["executor.user", "managerUserID"]);

/**
 * JSON schema of the chart's values (draft 7, as Helm checks it): kinds and choices of what is known. Other keys are let
 * through, so that values files of Seldon's chart install; NOTES.txt names them.
 */
export function schemaOf(values: readonly ChartValue[]): object {
  return { $schema: "http://json-schema.org/draft-07/schema#", ...groupSchema(values, "") };
}

function groupSchema(values: readonly ChartValue[], prefix: string): object {
  const properties = values.map((value) => [value.name, valueSchema(value, `${prefix}${value.name}`)] as const);
  return { type: "object", properties: Object.fromEntries(properties) };
}

function valueSchema({ meaning, initial, members }: ChartValue, path: string): object {
  const described = meaning === "" ? {} : { description: meaning };
  if (members.length > 0) return { ...described, ...groupSchema(members, `${path}.`) };
  if (DURATIONS.has(path)) return { ...described, ...DURATION };
  const choices = CHOICES[path];
  return { ...described, ...(choices === undefined ? { type: typesOf(initial, path) } : { enum: choices }) };
}

function typesOf(initial: unknown, path: string): string | readonly string[] {
  if (Array.isArray(initial)) return "array";
  if (typeof initial === "boolean") return "boolean";
  if (typeof initial === "number") return NUMBERS_AS_TEXT.has(path) ? ["integer", "string"] : "integer";
  // A version or a quantity that looks like a number is one to YAML.
  return typeof initial === "string" ? ["string", "number"] : "object";
}
