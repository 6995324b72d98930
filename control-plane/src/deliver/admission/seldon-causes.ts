import { isRecord, ownValue } from "../../model/path.ts";
import type { ProblemCode } from "../../problem/codes.ts";
import type { Problem } from "../../problem/problem.ts";
import type { StatusCause } from "./admission-review.ts";

/** What Seldon 1.17.1 shows as the value that is invalid. */
type ShownValue = "protocol" | "transport" | "serverType" | "predictor" | "firstPredictor" | "shadow" | "node" | "none";

interface SeldonRule {
  readonly shows: ShownValue;
  /** Place in Seldon's list of errors; rules of equal rank are told predictor by predictor. */
  readonly rank: number;
}

/** The 21 rules of Seldon 1.17.1 by our codes. */
const SELDON_RULES: Readonly<Partial<Record<ProblemCode, SeldonRule>>> = {
  ProtocolInvalid: { shows: "protocol", rank: 1 },
  TransportInvalid: { shows: "transport", rank: 2 },
  ServerTypeInvalid: { shows: "serverType", rank: 3 },
  KafkaEnvMissing: { shows: "predictor", rank: 4 },
  ShadowAlone: { shows: "predictor", rank: 5 },
  ServiceNameDuplicate: { shows: "predictor", rank: 6 },
  PredictorsMissing: { shows: "transport", rank: 7 },
  NoEngineGraph: { shows: "predictor", rank: 8 },
  PredictorDuplicate: { shows: "predictor", rank: 8 },
  ContainerMissing: { shows: "node", rank: 8 },
  MethodsMissing: { shows: "node", rank: 8 },
  ModelUriMissing: { shows: "node", rank: 8 },
  ServerProtocolMismatch: { shows: "node", rank: 8 },
  ServerUnknown: { shows: "node", rank: 8 },
  LoggerModeMissing: { shows: "none", rank: 8 },
  EndpointTypesMixed: { shows: "none", rank: 16 },
  TransportContradiction: { shows: "none", rank: 17 },
  ShadowsMany: { shows: "shadow", rank: 18 },
  ShadowTrafficRange: { shows: "shadow", rank: 18 },
  TrafficSum: { shows: "firstPredictor", rank: 20 },
  TrafficSingle: { shows: "firstPredictor", rank: 20 },
};

/** True for what Seldon's webhook refuses. */
export function isSeldonRule(code: ProblemCode): boolean {
  return Object.hasOwn(SELDON_RULES, code);
}

/** Problems of Seldon's rules as Seldon tells them: order, field and message. `spec` is that of the object. */
export function seldonCauses(problems: readonly Problem[], spec: unknown): readonly StatusCause[] {
  const shown = problems.flatMap((problem) => {
    const rule = SELDON_RULES[problem.code];
    return rule === undefined ? [] : [{ problem, rule, predictor: stepsOf(problem.path)[0] ?? 0 }];
  });
  const inOrder = shown.toSorted((one, other) => one.rule.rank - other.rule.rank || one.predictor - other.predictor);
  const shadows = new Map([
    ["ShadowsMany", extraShadows(problems, spec)],
    ["ShadowTrafficRange", shadowsOf(spec).filter(hasWrongTraffic)],
  ]);
  return inOrder.map(({ problem, rule }) => {
    const value =
      rule.shows === "shadow"
        ? textOf(shadows.get(problem.code)?.shift(), "name")
        : shownValue(problem, rule.shows, spec);
    return invalid(problem.path, `Invalid value: ${JSON.stringify(value)}: ${problem.message}`);
  });
}

function invalid(field: string, message: string): StatusCause {
  return { reason: "FieldValueInvalid", message, field };
}

function shownValue(problem: Problem, shows: Exclude<ShownValue, "shadow">, spec: unknown): string {
  switch (shows) {
    case "protocol":
    case "transport":
    case "serverType":
      return textOf(spec, shows);
    case "predictor":
      return textOf(predictorsOf(spec)[stepsOf(problem.path)[0] ?? 0], "name");
    case "firstPredictor":
      return textOf(predictorsOf(spec)[0], "name");
    case "node":
      return textOf(nodeAt(spec, stepsOf(problem.path)), "name");
    case "none":
      return "";
  }
}

/** The path of a problem with a shadow is `spec`, so shadows are told apart by their turn. */
function shadowsOf(spec: unknown): readonly unknown[] {
  return predictorsOf(spec).filter((predictor) => ownValue(predictor, "shadow") === true);
}

function extraShadows(problems: readonly Problem[], spec: unknown): unknown[] {
  const count = problems.filter(({ code }) => code === "ShadowsMany").length;
  return count === 0 ? [] : shadowsOf(spec).slice(-count);
}

function hasWrongTraffic(predictor: unknown): boolean {
  const traffic = ownValue(predictor, "traffic");
  return typeof traffic === "number" && (traffic < 0 || traffic > 100);
}

function predictorsOf(spec: unknown): readonly unknown[] {
  const predictors = ownValue(spec, "predictors");
  return Array.isArray(predictors) ? predictors : [];
}

/** The predictor's place and then each child's, of a path such as `spec.predictors[0].graph[1][0]`. */
function stepsOf(path: string): readonly number[] {
  return [...path.matchAll(/\[(\d+)\]/g)].map(([, step]) => Number(step));
}

function nodeAt(spec: unknown, [predictor = 0, ...children]: readonly number[]): unknown {
  return children.reduce<unknown>(
    (node, index) => {
      const list = ownValue(node, "children");
      return Array.isArray(list) ? (list[index] as unknown) : undefined;
    },
    ownValue(predictorsOf(spec)[predictor], "graph"),
  );
}

function textOf(value: unknown, field: string): string {
  const text = isRecord(value) ? ownValue(value, field) : undefined;
  return typeof text === "string" ? text : "";
}
