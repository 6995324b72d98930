import { PARAMETER_DEFAULT, PARAMETER_MIN_READY, PARAMETER_ON_ERROR } from "../vocabulary/node-parameters.ts";
import { faultOfDefault, type MessageProtocol } from "./default-message.ts";

/** A parameter of a graph node, as SeldonDeployment has it. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** One row of the table of parameters that the orchestrator reads itself. */
export interface ReservedParameter {
  readonly name: string;
  readonly where: string;
  readonly values: string;
  readonly fallback: string;
  readonly meaning: string;
}

/** Every parameter that is not handed to a model; docs/node-parameters.md is generated from it. */
export const RESERVED_PARAMETERS: readonly ReservedParameter[] = [
  {
    name: PARAMETER_ON_ERROR,
    where: "a child of a node that aggregates",
    values: "`fail`, `skip` or `default`",
    fallback: "`fail`; `skip` where the parent has `minReady`",
    meaning:
      "What becomes of the aggregate when this branch fails: all fails with it and its siblings are cancelled; it is " +
      "left out; its `default` stands in.",
  },
  {
    name: PARAMETER_DEFAULT,
    where: "beside `onError`",
    values: "a message in JSON: what a node of this protocol would answer",
    fallback: "none",
    meaning: "Stands in for the branch's answer with `onError: default`. Without `onError` the name is the model's.",
  },
  {
    name: PARAMETER_MIN_READY,
    where: "a node that aggregates",
    values: "whole number from 1 to the number of its children",
    fallback: "one branch, or one default",
    meaning:
      "How many branches must have answered themselves; with fewer the request fails with the first failure in the " +
      "order of the children. Slower branches are waited for all the same.",
  },
];

/** The parameters that a model is given. `default` is its own unless `onError` stands beside it. */
export function modelParameters<T extends Parameter>(parameters: readonly T[]): readonly T[] {
  const hasOnError = parameters.some((one) => one.name === PARAMETER_ON_ERROR);
  return parameters.filter(
    ({ name }) =>
      name !== PARAMETER_ON_ERROR && name !== PARAMETER_MIN_READY && !(hasOnError && name === PARAMETER_DEFAULT),
  );
}

/** Where a node stands, as far as its parameters are concerned. */
export interface ParameterPlace {
  readonly protocol: MessageProtocol;
  readonly parameters: readonly Parameter[];
  readonly aggregates: boolean;
  readonly childCount: number;
  /** The node above; undefined at the root. */
  readonly parent: { readonly aggregates: boolean; readonly minReady: number } | undefined;
}

/** What the parameters say, as far as it could be read. */
export interface BranchSettings {
  readonly onError: { readonly kind: "fail" | "skip" } | { readonly kind: "default"; readonly json: string };
  /** 0: not set. */
  readonly minReady: number;
}

export interface ParameterFault {
  /** The parameter's place in the list. */
  readonly index: number;
  readonly message: string;
}

/** Reads a node's reserved parameters. Faults say what is wrong with them; what can't be read counts as not set. */
export function readBranchSettings(place: ParameterPlace): {
  readonly value: BranchSettings;
  readonly faults: readonly ParameterFault[];
} {
  const faults: ParameterFault[] = [];
  const refuse = (name: string, message: string): void => {
    const index = place.parameters.findLastIndex((one) => one.name === name);
    faults.push({ index, message: `parameter ${name} ${message}` });
  };
  for (const name of repeated(place.parameters)) refuse(name, "stands there more than once");
  return { value: { onError: readOnError(place, refuse), minReady: readMinReady(place, refuse) }, faults };
}

type Refuse = (name: string, message: string) => void;

function readOnError({ protocol, parameters, parent }: ParameterPlace, refuse: Refuse): BranchSettings["onError"] {
  const initial = { kind: parent !== undefined && parent.minReady > 0 ? "skip" : "fail" } as const;
  const kind = valueOf(parameters, PARAMETER_ON_ERROR);
  if (kind === undefined) return initial;
  if (parent?.aggregates !== true) {
    refuse(PARAMETER_ON_ERROR, "has no effect here; it belongs on a child of a COMBINER or of a node with AGGREGATE");
    return initial;
  }
  const json = valueOf(parameters, PARAMETER_DEFAULT);
  if (kind === "default") {
    const fault = json === undefined ? "is missing; give the message that stands in" : faultOfDefault(protocol, json);
    if (fault !== undefined) refuse(json === undefined ? PARAMETER_ON_ERROR : PARAMETER_DEFAULT, describe(json, fault));
    return json === undefined || fault !== undefined ? initial : { kind, json };
  }
  if (json !== undefined) refuse(PARAMETER_DEFAULT, `has no effect with ${PARAMETER_ON_ERROR} ${kind}`);
  if (kind === "fail" || kind === "skip") return { kind };
  refuse(PARAMETER_ON_ERROR, `must be fail, skip or default, not "${kind}"`);
  return initial;
}

function describe(json: string | undefined, fault: string): string {
  return json === undefined ? `is default, but parameter ${PARAMETER_DEFAULT} ${fault}` : fault;
}

function readMinReady({ parameters, aggregates, childCount }: ParameterPlace, refuse: Refuse): number {
  const value = valueOf(parameters, PARAMETER_MIN_READY);
  if (value === undefined) return 0;
  if (!aggregates) {
    refuse(PARAMETER_MIN_READY, "has no effect here; it belongs on a COMBINER or on a node with AGGREGATE");
    return 0;
  }
  const number = /^\d{1,9}$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= childCount) return number;
  refuse(PARAMETER_MIN_READY, `must be a whole number from 1 to ${childCount}, the number of children, not "${value}"`);
  return 0;
}

function valueOf(parameters: readonly Parameter[], name: string): string | undefined {
  return parameters.findLast((one) => one.name === name)?.value;
}

function repeated(parameters: readonly Parameter[]): readonly string[] {
  const names = parameters.map((one) => one.name);
  const read = [PARAMETER_ON_ERROR, PARAMETER_MIN_READY];
  return read.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
}
