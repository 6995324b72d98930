import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { load } from "js-yaml";
import type { Json } from "#proto/json/json.ts";
import type { Replies, TestNode } from "./orchestrator.ts";

/** A text to be met exactly, `/…/` a pattern to match, null what must be absent. */
export type Expected = string | number | null;

/** One request and its answer. */
export interface Step {
  /** `POST /api/v1.0/predictions`; neither this nor `grpc` is the case's `call` over each of its `transports`. */
  readonly rest?: string;
  /** `/package.Service/Method`. */
  readonly grpc?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as the method's message. */
  readonly request?: Json;
  /** REST: sent as it stands. */
  readonly text?: string;
  /** Bytes: a REST body, or a whole gRPC message. */
  readonly base64?: string;
  readonly expect?: ExpectedAnswer;
}

export interface ExpectedAnswer {
  /** 200 when absent. */
  readonly status?: number;
  /** 0 when absent. */
  readonly grpcCode?: number;
  /** The gRPC status message. */
  readonly details?: string;
  /** JSON of the whole answer. */
  readonly body?: Json;
  /** The body byte for byte, or a pattern. */
  readonly text?: string;
  /** Bytes of a REST body, or of a whole gRPC message. */
  readonly base64?: string;
  /** Headers, or the metadata of either end of a gRPC answer. */
  readonly headers?: Readonly<Record<string, Expected>>;
  /** `x-graphway-routing`, parts sorted. */
  readonly routing?: string;
}

/** What must have happened once all steps have run. */
export interface ExpectedWorld extends ExpectedAnswer {
  /** In any order, for branches run side by side. */
  readonly calls?: readonly string[];
  /** Bodies that nodes must have seen, by `node/operation`. */
  readonly seen?: Readonly<Record<string, Json>>;
  /** The same byte for byte, or as a pattern. */
  readonly seenText?: Readonly<Record<string, string>>;
  readonly seenBase64?: Readonly<Record<string, string>>;
  readonly seenHeaders?: Readonly<Record<string, Readonly<Record<string, Expected>>>>;
  /** Transport that nodes must have been called by, by name. */
  readonly by?: Readonly<Record<string, string>>;
  /** Lines of the metrics page: each exact or a pattern. */
  readonly metrics?: readonly string[];
  /** What no line of it may match. */
  readonly noMetrics?: readonly string[];
  /** Events at the log collector, in any order. */
  readonly events?: readonly ExpectedEvent[];
}

export interface ExpectedEvent {
  readonly headers: Readonly<Record<string, Expected>>;
  readonly body?: Json;
  readonly text?: string;
}

/** `testdata/<subject>/<case>/case.yaml`. */
export interface Case extends Step {
  readonly says: string;
  /** Endpoints are filled in, each with a stub node behind it. */
  readonly graph: TestNode;
  /** Other fields of the predictor: labels, annotations, componentSpecs. */
  readonly predictor?: Readonly<Record<string, Json>>;
  readonly protocol?: string;
  readonly flags?: readonly string[];
  /** `{collector}` stands for the URL of the log collector. */
  readonly env?: Readonly<Record<string, string>>;
  /** The pod's annotations: a map, or the file as it stands. */
  readonly annotations?: string | Readonly<Record<string, string>>;
  readonly random?: number;
  readonly replies?: Replies;
  readonly transports?: readonly ("rest" | "grpc")[];
  readonly call?: "predict" | "feedback";
  readonly steps?: readonly Step[];
  readonly expect: ExpectedWorld;
}

const folder = join(import.meta.dirname, "..", "testdata");

/** Every case by its path below testdata. A key that no case has is refused: it would test nothing. */
export function readCases(): readonly { readonly name: string; readonly value: Case }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith("case.yaml") && existsSync(join(folder, path)))
    .sort()
    .map((path) => {
      const value = load(readFileSync(join(folder, path), "utf8")) as Case;
      const name = dirname(relative(folder, join(folder, path)));
      refuseUnknown(name, value, CASE_KEYS);
      refuseUnknown(name, value.expect, EXPECT_KEYS);
      for (const step of value.steps ?? []) {
        refuseUnknown(name, step, STEP_KEYS);
        refuseUnknown(name, step.expect ?? {}, ANSWER_KEYS);
      }
      for (const reply of Object.values(value.replies ?? {}).flat()) refuseUnknown(name, reply, REPLY_KEYS);
      return { name, value };
    });
}

const STEP_KEYS = ["rest", "grpc", "headers", "request", "text", "base64", "expect"];
const CASE_KEYS = [
  ...["says", "graph", "predictor", "protocol", "flags", "env", "annotations", "random", "replies"],
  ...["transports", "call", "steps"],
  ...STEP_KEYS,
];
const ANSWER_KEYS = ["status", "grpcCode", "details", "body", "text", "base64", "headers", "routing"];
const EXPECT_KEYS = [
  ...ANSWER_KEYS,
  ...["calls", "seen", "seenText", "seenBase64", "seenHeaders", "by", "metrics", "noMetrics", "events"],
];
const REPLY_KEYS = [
  ...["body", "text", "base64", "echo", "contentType", "contentEncoding", "headers", "status", "grpc"],
  ...["delayMs", "hang"],
];

function refuseUnknown(name: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${name}: no case has the key ${unknown.join(", ")}`);
}
