import type { BypassPlan, Transport } from "../plan/deployment-plan.ts";

/** Names a request, towards nodes and clients, as Seldon has it. */
export const PUID_HEADER = "seldon-puid";
/** What its value is where a client gives none: the id by which the request is known anyway. */
export const PUID = `%REQ(${PUID_HEADER}?x-request-id)%`;

/** Requests with these headers need the orchestrator's own answers: those of CloudEvents are given in headers. */
export const ORCHESTRATOR_HEADERS: readonly string[] = ["ce-specversion"];

/** A text that stands for itself where Envoy looks for commands. */
function literal(text: string): string {
  return text.replaceAll("%", "%%");
}

/** The headers that the orchestrator would answer with, as Envoy's header values. */
export function answersOfBypass(
  { allowedOrigins, allowedHeaders }: BypassPlan,
  transport: Transport,
): readonly (readonly [name: string, value: string])[] {
  if (transport === "grpc") return [[PUID_HEADER, PUID]];
  return [
    [PUID_HEADER, PUID],
    ["x-content-type-options", "nosniff"],
    ["access-control-allow-origin", literal(allowedOrigins)],
    ["access-control-allow-headers", literal(allowedHeaders)],
    ["access-control-allow-methods", "OPTIONS,POST"],
  ];
}
