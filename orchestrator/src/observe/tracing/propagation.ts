/** A way to write a trace context into headers: W3C Trace Context, Zipkin's B3 in one header or in several, Jaeger's. */
export type TraceFormat = "tracecontext" | "b3" | "b3multi" | "jaeger";

export const TRACE_FORMATS: readonly TraceFormat[] = ["tracecontext", "b3", "b3multi", "jaeger"];

/** The span that asked for a request; ids as 32 and 16 lower-case hexadecimal digits. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
}

/** What a request's headers say about its trace. */
export interface IncomingTrace {
  readonly parent: TraceParent | undefined;
  /** What was decided before us; undefined where that is left to us. */
  readonly sampled: boolean | undefined;
  /** B3's and Jaeger's wish to keep this trace whatever others decide. */
  readonly isDebug: boolean;
  /** W3C's companion of the parent, as it came; empty where the parent came otherwise. */
  readonly traceState: string;
  /** Formats whose headers are there, readable or not. */
  readonly formats: readonly TraceFormat[];
}

/** The context that goes out. */
export interface OutgoingTrace extends TraceParent {
  readonly isSampled: boolean;
  readonly isDebug: boolean;
}

type Found = Pick<IncomingTrace, "parent" | "sampled" | "isDebug">;

const NONE: IncomingTrace = { parent: undefined, sampled: undefined, isDebug: false, traceState: "", formats: [] };

/** The format that a header belongs to; asked of every header of every traced request. */
function formatOf(name: string): TraceFormat | undefined {
  switch (name) {
    case "traceparent":
      return "tracecontext";
    case "b3":
      return "b3";
    case "x-b3-traceid":
    case "x-b3-spanid":
    case "x-b3-parentspanid":
    case "x-b3-sampled":
    case "x-b3-flags":
      return "b3multi";
    case "uber-trace-id":
      return "jaeger";
    default:
      return undefined;
  }
}

/**
 * Reads the trace context of headers (name, value, …; names in lower case) in the formats allowed: traceparent first,
 * else b3, else uber-trace-id. What can't be read counts as absent, as the formats ask.
 */
export function readTrace(pairs: readonly string[], allowed: readonly TraceFormat[]): IncomingTrace {
  let values: Map<string, string> | undefined;
  let formats: TraceFormat[] | undefined;
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i] ?? "";
    const format = formatOf(name);
    if (format === undefined ? name !== "tracestate" : !allowed.includes(format)) continue;
    values ??= new Map();
    const before = values.get(name);
    const value = pairs[i + 1] ?? "";
    // Of several traceparents none can be trusted; tracestate is a list.
    values.set(name, before === undefined ? value : `${before},${value}`);
    if (format === undefined || formats?.includes(format) === true) continue;
    if (formats === undefined) formats = [format];
    else formats.push(format);
  }
  if (values === undefined || formats === undefined) return NONE;
  for (const format of TRACE_FORMATS) {
    const found = formats.includes(format) ? READERS[format](values) : undefined;
    if (found === undefined) continue;
    const { parent, sampled, isDebug } = found;
    const traceState = format === "tracecontext" ? (values.get("tracestate") ?? "") : "";
    return { parent, sampled, isDebug, traceState, formats };
  }
  return { ...NONE, formats };
}

/** The headers without any of the formats; without tracestate too, where its traceparent goes. */
export function withoutTrace(pairs: readonly string[], keepsTraceState: boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i] ?? "";
    if (formatOf(name) !== undefined || (name === "tracestate" && !keepsTraceState)) continue;
    kept.push(name, pairs[i + 1] ?? "");
  }
  return kept;
}

/** Adds a context to headers in each of the formats. */
export function writeTrace(pairs: string[], trace: OutgoingTrace, formats: readonly TraceFormat[]): void {
  const { traceId, spanId, isSampled, isDebug } = trace;
  for (const format of formats) {
    switch (format) {
      case "tracecontext":
        pairs.push("traceparent", `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`);
        break;
      case "b3":
        pairs.push("b3", `${traceId}-${spanId}-${isDebug ? "d" : isSampled ? "1" : "0"}`);
        break;
      case "b3multi":
        pairs.push("x-b3-traceid", traceId, "x-b3-spanid", spanId);
        if (isDebug) pairs.push("x-b3-flags", "1");
        else pairs.push("x-b3-sampled", isSampled ? "1" : "0");
        break;
      case "jaeger":
        pairs.push("uber-trace-id", `${traceId}:${spanId}:0:${(isSampled ? 1 : 0) | (isDebug ? 2 : 0)}`);
        break;
    }
  }
}

const READERS: Readonly<Record<TraceFormat, (values: ReadonlyMap<string, string>) => Found | undefined>> = {
  tracecontext: (values) => readTraceParent(values.get("traceparent") ?? ""),
  b3: (values) => readB3(values.get("b3") ?? ""),
  b3multi: readB3Multi,
  jaeger: (values) => readJaeger(values.get("uber-trace-id") ?? ""),
};

/** W3C Trace Context §3.2: later versions may add fields after the flags. */
function readTraceParent(value: string): Found | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(value.trim());
  if (match === null) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", more] = match;
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  const parent = parentOf(traceId, spanId);
  if (parent === undefined) return undefined;
  return { parent, sampled: (Number.parseInt(flags, 16) & 1) === 1, isDebug: false };
}

/** `trace-span-state-parent`, where state and parent may be absent; or a state alone. */
function readB3(value: string): Found | undefined {
  const text = value.trim();
  if (/^[01d]$/.test(text)) return { parent: undefined, ...b3State(text) };
  const match = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d]))?(?:-[0-9a-f]{16})?$/i.exec(text);
  if (match === null) return undefined;
  const [, traceId = "", spanId = "", state] = match;
  const parent = parentOf(traceId, spanId);
  return parent === undefined ? undefined : { parent, ...b3State(state) };
}

function readB3Multi(values: ReadonlyMap<string, string>): Found | undefined {
  const sampled = (values.get("x-b3-sampled") ?? "").trim().toLowerCase();
  const state =
    values.get("x-b3-flags")?.trim() === "1"
      ? "d"
      : sampled === "1" || sampled === "true"
        ? "1"
        : sampled === "0" || sampled === "false"
          ? "0"
          : undefined;
  const traceId = (values.get("x-b3-traceid") ?? "").trim();
  const spanId = (values.get("x-b3-spanid") ?? "").trim();
  const isReadable = /^([0-9a-f]{16}|[0-9a-f]{32})$/i.test(traceId) && /^[0-9a-f]{16}$/i.test(spanId);
  const parent = isReadable ? parentOf(traceId, spanId) : undefined;
  return parent === undefined && state === undefined ? undefined : { parent, ...b3State(state) };
}

function b3State(state: string | undefined): Pick<Found, "sampled" | "isDebug"> {
  return { sampled: state === undefined ? undefined : state !== "0", isDebug: state === "d" };
}

/** `trace:span:parent:flags`; its colons may be percent-encoded, and ids may lack their leading zeros. */
function readJaeger(value: string): Found | undefined {
  const text = value.trim().replaceAll(/%3a/gi, ":");
  const match = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{0,16}:([0-9a-f]{1,2})$/i.exec(text);
  if (match === null) return undefined;
  const [, traceId = "", spanId = "", flags = ""] = match;
  const parent = parentOf(traceId, spanId);
  if (parent === undefined) return undefined;
  const bits = Number.parseInt(flags, 16);
  return { parent, sampled: (bits & 3) !== 0, isDebug: (bits & 2) !== 0 };
}

function parentOf(traceId: string, spanId: string): TraceParent | undefined {
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId: traceId.toLowerCase().padStart(32, "0"), spanId: spanId.toLowerCase().padStart(16, "0") };
}

function isZero(id: string): boolean {
  return id.startsWith("0") && /^0+$/.test(id);
}
