import type { MatchCondition, TextCheck } from "./conditions.ts";

/** Why no request can meet all of the conditions; undefined: none of the reasons looked for here. */
export function findContradiction(conditions: readonly MatchCondition[]): string | undefined {
  for (const [index, one] of conditions.entries()) {
    for (const other of conditions.slice(index + 1)) {
      if (contradict(one, other)) return `${describeCondition(one)} and ${describeCondition(other)}`;
    }
  }
  return undefined;
}

/** True when every request that meets `narrow` meets `wide` as well, as far as equal conditions say. */
export function covers(wide: readonly MatchCondition[], narrow: readonly MatchCondition[]): boolean {
  return wide.every((one) => narrow.some((other) => implies(other, one)));
}

/** As in `header x-tier = "gold"`. */
export function describeCondition(condition: MatchCondition): string {
  if (condition.on === "transport") return `transport ${condition.transport}`;
  const what = "name" in condition ? `${condition.on} ${condition.name}` : condition.on;
  const { test } = condition;
  switch (test.kind) {
    case "present":
      return `${what} is there`;
    case "absent":
      return `${what} is not there`;
    case "exact":
      return `${what} is ${JSON.stringify(test.text)}`;
    case "prefix":
      return `${what} begins with ${JSON.stringify(test.text)}`;
    case "suffix":
      return `${what} ends with ${JSON.stringify(test.text)}`;
    case "contains":
      return `${what} contains ${JSON.stringify(test.text)}`;
  }
}

function sameThing(one: MatchCondition, other: MatchCondition): boolean {
  const nameOf = (of: MatchCondition): string => ("name" in of ? of.name : "");
  return one.on === other.on && nameOf(one) === nameOf(other);
}

function contradict(one: MatchCondition, other: MatchCondition): boolean {
  if (one.on === "transport" || other.on === "transport") return isGrpcByOther(one, other) || isGrpcByOther(other, one);
  return sameThing(one, other) && (excludes(one.test, other.test) || excludes(other.test, one.test));
}

/** gRPC calls are POST. */
function isGrpcByOther(one: MatchCondition, other: MatchCondition): boolean {
  if (one.on !== "transport" || one.transport !== "grpc" || other.on !== "method") return false;
  return excludes({ kind: "exact", text: "POST" }, other.test);
}

/** True when no text passes both, looked at from the first one's side. */
function excludes(one: TextCheck, other: TextCheck): boolean {
  switch (one.kind) {
    case "absent":
      return other.kind !== "absent";
    case "present":
    case "contains":
      return false;
    case "exact":
      return other.kind !== "present" && other.kind !== "absent" && !passes(one.text, other);
    case "prefix":
      return other.kind === "prefix" && !one.text.startsWith(other.text) && !other.text.startsWith(one.text);
    case "suffix":
      return other.kind === "suffix" && !one.text.endsWith(other.text) && !other.text.endsWith(one.text);
  }
}

function passes(text: string, test: TextCheck): boolean {
  switch (test.kind) {
    case "present":
      return true;
    case "absent":
      return false;
    case "exact":
      return text === test.text;
    case "prefix":
      return text.startsWith(test.text);
    case "suffix":
      return text.endsWith(test.text);
    case "contains":
      return text.includes(test.text);
  }
}

function implies(one: MatchCondition, other: MatchCondition): boolean {
  if (one.on === "transport" || other.on === "transport") {
    return one.on === "transport" && other.on === "transport" && one.transport === other.transport;
  }
  return sameThing(one, other) && impliesTest(one.test, other.test);
}

function impliesTest(one: TextCheck, other: TextCheck): boolean {
  if (one.kind === "absent" || other.kind === "absent") return one.kind === other.kind;
  if (other.kind === "present") return true;
  if (one.kind === "present") return false;
  if (one.kind === "exact") return passes(one.text, other);
  if (other.kind === "contains") return one.text.includes(other.text);
  if (one.kind !== other.kind) return false;
  return one.kind === "prefix" ? one.text.startsWith(other.text) : one.text.endsWith(other.text);
}
