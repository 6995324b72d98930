import { CallError } from "../execute/call-error.ts";

/** A router's reply as JSON. Throws CallError (bad-route) where it is none. */
export function parseRouterReply(node: string, body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw badRoute(node, "is not JSON");
  }
}

/** An own member of a JSON object; undefined where there is none, or it is null. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name] ?? undefined;
}

/** The branch that a number in a router's reply names: truncated. Throws CallError (bad-route) where it is none. */
export function branchOf(node: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw badRoute(node, "names no branch");
  return Math.trunc(value);
}

/** The error for a router's reply; `what` goes on from its name. */
export function badRoute(node: string, what: string): CallError {
  return new CallError("bad-route", `the reply of router ${node} ${what}`);
}
