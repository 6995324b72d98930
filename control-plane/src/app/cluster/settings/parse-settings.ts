import { findNearest } from "../../../model/nearest.ts";
import { FLAGS, type FlagName } from "./flag-table.ts";
import { faultOf } from "./read-value.ts";
import type { SettingSpec } from "./setting-spec.ts";
import { VARIABLES, type VariableName } from "./variable-table.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The values of all settings as text: given, else initial. Every one has been checked by its kind. */
export interface SettingTexts {
  flag(name: FlagName): string;
  variable(name: VariableName): string;
  /** True when somebody gave it. */
  has(name: FlagName | VariableName): boolean;
}

/** What was read, or what is wrong with it: a sentence that names the setting and its value. */
export type ParsedSettings =
  | { readonly kind: "texts"; readonly texts: SettingTexts; readonly warnings: readonly string[] }
  | { readonly kind: "help" }
  | { readonly kind: "wrong"; readonly messages: readonly string[] };

/** Reads flags as Go's flag package does (`--flag value`, `--flag=value`, one dash or two), and the environment. */
export function parseSettings(args: readonly string[], env: Environment): ParsedSettings {
  const flags = readFlags(args);
  if (flags === "help") return { kind: "help" };
  const variables = readVariables(env);
  const messages = [...flags.messages, ...variables.messages];
  if (messages.length > 0) return { kind: "wrong", messages };
  const texts: SettingTexts = {
    flag: (name) => flags.given.get(name) ?? FLAGS[name].initial,
    variable: (name) => variables.given.get(name) ?? VARIABLES[name].initial,
    has: (name) => flags.given.has(name) || variables.given.has(name),
  };
  return { kind: "texts", texts, warnings: [...warningsOf(flags.given, FLAGS, "--"), ...variables.warnings] };
}

interface Given {
  readonly given: ReadonlyMap<string, string>;
  readonly messages: readonly string[];
}

function readFlags(args: readonly string[]): Given | "help" {
  const given = new Map<string, string>();
  const messages: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--") break;
    const [, name = "", , inline] = /^--?([\w-]+)(=([\s\S]*))?$/.exec(arg) ?? [];
    if (name === "help" || name === "h") return "help";
    const spec = specOf(FLAGS, name);
    if (spec === undefined) {
      messages.push(`${arg} is no flag${advice(name)}`);
      continue;
    }
    let value = inline ?? (spec.kind === "boolean" ? "true" : undefined);
    if (value === undefined) value = args[(at += 1)];
    if (value === undefined) messages.push(`--${name} needs a value`);
    else if (value === "" && spec.initial === "") given.set(name, "");
    else {
      const fault = faultOf(spec, value);
      if (fault === undefined) given.set(name, value);
      else messages.push(`--${name}: ${fault}`);
    }
  }
  return { given, messages };
}

function advice(name: string): string {
  const nearest = findNearest(name, Object.keys(FLAGS));
  return nearest === undefined ? "; see --help" : `; did you mean --${nearest}?`;
}

/** An empty variable is one that is not set, except where an empty text means something. */
function readVariables(env: Environment): Given & { readonly warnings: readonly string[] } {
  const given = new Map<string, string>();
  const messages: string[] = [];
  for (const [name, spec] of Object.entries<SettingSpec>(VARIABLES)) {
    const value = env[name];
    if (value === undefined || (value === "" && spec.kind !== "text")) continue;
    const fault = value === "" ? undefined : faultOf(spec, value);
    if (fault === undefined) given.set(name, value);
    else messages.push(`${name}: ${fault}`);
  }
  const unknown = Object.keys(env).filter((name) => OURS.test(name) && specOf(VARIABLES, name) === undefined);
  return {
    given,
    messages,
    warnings: [...warningsOf(given, VARIABLES, ""), ...unknown.map((name) => `${name} is not known and has no effect`)],
  };
}

/** Names that were meant for an operator, so that a slip in one is seen. */
const OURS = /^(ISTIO|KEDA|EXECUTOR|RELATED_IMAGE|PREDICTIVE_UNIT|ENGINE_SERVER)_/;

/** Settings that somebody changed and that have no effect. */
function warningsOf(given: ReadonlyMap<string, string>, table: object, prefix: string): readonly string[] {
  return [...given].flatMap(([name, value]) => {
    const spec = specOf(table, name);
    if (spec?.ignored === undefined || value === spec.initial || value === "") return [];
    return [`${prefix}${name} has no effect: ${spec.ignored}`];
  });
}

function specOf(table: object, name: string): SettingSpec | undefined {
  return Object.hasOwn(table, name) ? (table as Readonly<Record<string, SettingSpec>>)[name] : undefined;
}
