import { problem, type Problem } from "../../problem/problem.ts";
import type { ProcessFailure, ProcessState } from "./supervisor.ts";

/** The problem of a process that ended when it should not have; undefined while it is fine. */
export function reportFailure(
  state: ProcessState,
  at: { readonly object: string; readonly path: string },
): Problem | undefined {
  const { failure, label } = state;
  if (failure === undefined || state.phase === "ready" || state.phase === "stopping" || state.phase === "stopped")
    return undefined;
  const when = failure.wasReady ? "while it was serving" : "before it was ready";
  const lines = failure.lastLines.map((line) => `\n  | ${line}`).join("");
  const message = `the process of ${label} ${howItEnded(failure)} ${when}${lines}`;
  return problem("LocalProcessFailed", { ...at, message, hint: whatToDo(failure) });
}

function howItEnded(failure: ProcessFailure): string {
  if (failure.probe !== undefined) return `was ended (${failure.probe})`;
  if (failure.error !== undefined) return `could not be started (${failure.error})`;
  if (failure.signal !== null) return `was ended by ${failure.signal}`;
  return `ended with exit code ${failure.code ?? "unknown"}`;
}

function whatToDo(failure: ProcessFailure): string {
  const again = "it is started again by itself after a pause, and at once when its container is edited";
  if (failure.probe !== undefined) return `see why its probe fails; ${again}`;
  if (failure.code === 126 || failure.code === 127) return `check the program named in its command; ${again}`;
  if (failure.signal === "SIGKILL") return `something killed it, perhaps for want of memory; ${again}`;
  if (failure.lastLines.some((line) => /EADDRINUSE|address already in use/i.test(line))) {
    return `it binds a port that is taken: make it use $(PREDICTIVE_UNIT_HTTP_SERVICE_PORT); ${again}`;
  }
  return `its last lines say why; ${again}`;
}
