import { CallError } from "../../execute/call-error.ts";
import { NotHttp } from "./reply-head.ts";

/** What a failed exchange with a node means. */
export function faultOf(target: string, error: Error & { readonly code?: unknown }): CallError {
  if (error instanceof NotHttp) {
    return new CallError("bad-reply", `${target} did not answer in HTTP: ${error.message}`);
  }
  const why = `${typeof error.code === "string" ? error.code : "error"}: ${error.message}`;
  return new CallError("unreachable", `${target} can't be reached (${why})`);
}

/** The node hung up before its reply was whole. */
export function cutFault(target: string): CallError {
  return new CallError(
    "unreachable",
    `${target} can't be reached (it closed the connection before its answer was whole)`,
  );
}

export function tooLargeFault(target: string, maxBytes: number): CallError {
  return new CallError("bad-reply", `${target} answered more than ${maxBytes} bytes`);
}
