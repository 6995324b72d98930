import type { TraceFormat } from "./propagation.ts";
import type { SamplerSettings } from "./sampler.ts";

type Env = Readonly<Record<string, string | undefined>>;
type Warn = (text: string) => void;

/** What the environment variables of Jaeger's clients, which Seldon's executor read, come to in OpenTelemetry's terms. */
export interface JaegerSettings {
  readonly isDisabled: boolean;
  /** Where the collector of JAEGER_ENDPOINT takes OTLP. */
  readonly url: string | undefined;
  /** Set for an agent, which takes no OTLP. */
  readonly needsEndpoint: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly sampler: SamplerSettings | undefined;
  readonly writes: readonly TraceFormat[];
}

/** The port where a Jaeger collector takes OTLP over HTTP. */
const OTLP_PORT = "4318";

export function translateJaeger(env: Env, warn: Warn): JaegerSettings {
  const { JAEGER_USER: user = "", JAEGER_PASSWORD: password = "" } = env;
  const isB3 = env["JAEGER_TRACE_PROPAGATION_TYPE"]?.trim().toLowerCase() === "b3";
  const basic = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  const hasOwnEndpoint = Boolean(env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || env["OTEL_EXPORTER_OTLP_ENDPOINT"]);
  const url = hasOwnEndpoint ? undefined : readEndpoint(env["JAEGER_ENDPOINT"], warn);
  return {
    isDisabled: (env["JAEGER_DISABLED"] ?? "").trim().toLowerCase() === "true",
    url,
    needsEndpoint: Boolean(env["JAEGER_AGENT_HOST"] || env["JAEGER_AGENT_PORT"]),
    headers: url !== undefined && user !== "" ? { authorization: basic } : {},
    tags: readTags(env, warn),
    sampler: readSampler(env, warn),
    writes: isB3 ? ["b3multi"] : [],
  };
}

/** `http://host:14268/api/traces` takes Thrift alone; the same collector takes OTLP at a port of its own. */
function readEndpoint(text: string | undefined, warn: Warn): string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  if (!/^https?:\/\/./i.test(text.trim()) || !URL.canParse(text.trim())) {
    warn(`JAEGER_ENDPOINT: "${text}" is not an http or https URL; it is not used`);
    return undefined;
  }
  const url = new URL(text.trim());
  url.port = OTLP_PORT;
  url.pathname = "/v1/traces";
  url.search = "";
  warn(`JAEGER_ENDPOINT: spans are sent by OTLP to ${url.href}; set OTEL_EXPORTER_OTLP_ENDPOINT if that is elsewhere`);
  return url.href;
}

function readSampler(env: Env, warn: Warn): SamplerSettings | undefined {
  const type = env["JAEGER_SAMPLER_TYPE"]?.trim().toLowerCase() ?? "";
  if (type === "" || env["OTEL_TRACES_SAMPLER"]) return undefined;
  if (type !== "const" && type !== "probabilistic") {
    warn(
      `JAEGER_SAMPLER_TYPE: ${type} is not offered; every trace that begins here is recorded. Use const, probabilistic, or OTEL_TRACES_SAMPLER`,
    );
    return undefined;
  }
  const text = env["JAEGER_SAMPLER_PARAM"]?.trim() ?? "";
  const fallback = type === "const" ? 1 : 0.001;
  const param = text === "" ? fallback : Number(text);
  if (!(param >= 0 && param <= 1)) {
    warn(`JAEGER_SAMPLER_PARAM: "${text}" is not a number between 0 and 1; ${fallback} is used`);
    return { ratio: fallback, followsParent: true };
  }
  return { ratio: type === "const" && param !== 0 ? 1 : param, followsParent: true };
}

/** `key=value, key=${VARIABLE:default}`, as Jaeger's clients read it. */
function readTags(env: Env, warn: Warn): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const part of (env["JAEGER_TAGS"] ?? "").split(",")) {
    if (part.trim() === "") continue;
    const equals = part.indexOf("=");
    if (equals < 1) {
      warn(`JAEGER_TAGS: "${part.trim()}" is not key=value; it is left out`);
      continue;
    }
    const value = part.slice(equals + 1).trim();
    const [, name, preset = ""] = /^\$\{([^:}]+)(?::([^}]*))?\}$/.exec(value) ?? [];
    tags[part.slice(0, equals).trim()] = name === undefined ? value : env[name] || preset;
  }
  return tags;
}
