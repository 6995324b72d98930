import type { TableCondition, TextTest } from "./model.ts";
import { type Call, firstValue, type Headers, namedValue } from "./request.ts";

function valueOf(condition: Exclude<TableCondition, { on: "transport" }>, call: Call, headers: Headers) {
  switch (condition.on) {
    case "path":
      return call.path;
    case "method":
      return firstValue(headers, ":method");
    case "header":
    case "cookie":
    case "query":
      return namedValue(headers, condition);
  }
}

/** Whether a value passes a test; what is absent (undefined) passes only `absent`. */
function passes(test: TextTest, value: string | undefined): boolean {
  if (value === undefined) return test.kind === "absent";
  switch (test.kind) {
    case "present":
      return true;
    case "absent":
      return false;
    case "exact":
      return value === test.text;
    case "prefix":
      return value.startsWith(test.text);
    case "suffix":
      return value.endsWith(test.text);
    case "contains":
      return value.includes(test.text);
  }
}

/** Whether a request has all that the conditions ask for. */
export function holdsAll(conditions: readonly TableCondition[], call: Call, headers: Headers): boolean {
  return conditions.every((one) =>
    one.on === "transport"
      ? one.transport === (call.transport === "http" ? "rest" : "grpc")
      : passes(one.test, valueOf(one, call, headers)),
  );
}
