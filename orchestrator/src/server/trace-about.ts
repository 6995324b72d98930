import { asCallError } from "../execute/call-error.ts";
import type { NodeHeaders } from "../execute/run.ts";
import type { ServedGraph } from "../walk/served-graph.ts";
import { grpcCodeName } from "../observe/grpc-codes.ts";
import type { TracedRequest } from "../observe/tracing/sampled-trace.ts";
import type { ServerContext } from "./server-context.ts";

/** A request about the graph or its nodes, which no walk answers. */
export type AboutRequest = Pick<TracedRequest, "transport" | "service" | "path" | "method" | "puid" | "startedMs"> & {
  readonly headers: NodeHeaders;
};

const NO_ROUTING: ReadonlyMap<string, number> = new Map();

/** Answers below a span of the request's own; node calls stand below it when they are given these headers. */
export async function traceAbout<T>(
  context: ServerContext,
  served: ServedGraph,
  request: AboutRequest,
  answer: (headers: NodeHeaders) => Promise<T>,
): Promise<T> {
  const { headers, transport } = request;
  const { graph } = served;
  const trace = context.observer.tracer?.begin({
    ...request,
    graph,
    isShadow: false,
    pairs: headers.pairs,
    routing: NO_ROUTING,
  });
  if (trace === undefined) return answer(headers);
  try {
    const reply = await answer({ ...headers, trace });
    trace.end({ code: transport === "rest" ? "200" : "OK", failure: undefined });
    return reply;
  } catch (error) {
    const failure = asCallError(error);
    const code = transport === "rest" ? String(failure.httpStatus) : grpcCodeName(failure.grpcCode);
    trace.end({ code, failure });
    throw failure;
  }
}
