import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { describe, it } from "node:test";
import { readCases, type Case, type Step } from "./case.ts";
import { checkAnswer, checkCalls, checkEvents, checkMetrics, type Answer } from "./check-answer.ts";
import { startCollector } from "./event-collector.ts";
import { callGrpc, startBed, type TestBed } from "./orchestrator.ts";
import { messagesOf } from "./protocol-messages.ts";

const cases = readCases();

describe("graph cases", { concurrency: 16 }, () => {
  assert.ok(cases.length >= 20, "the cases are there");
  for (const { name, value } of cases) {
    if (value.steps !== undefined || value.rest !== undefined || value.grpc !== undefined) {
      it(`${name}: ${value.says}`, () => runCase(value, value.steps ?? [value]));
      continue;
    }
    for (const transport of value.transports ?? (["rest", "grpc"] as const)) {
      it(`${name} over ${transport}: ${value.says}`, () => runCase(value, [shortStep(value, transport)]));
    }
  }
});

/** The step of a case that names neither path nor method. */
function shortStep(value: Case, transport: "rest" | "grpc"): Step {
  const isFeedback = value.call === "feedback";
  return transport === "rest"
    ? { ...value, rest: `POST /api/v1.0/${isFeedback ? "feedback" : "predictions"}` }
    : { ...value, grpc: `/seldon.protos.Seldon/${isFeedback ? "SendFeedback" : "Predict"}` };
}

async function runCase(value: Case, steps: readonly Step[]): Promise<void> {
  const collector = value.expect.events === undefined ? undefined : await startCollector();
  const env = Object.fromEntries(
    Object.entries(value.env ?? {}).map(([name, text]) => [name, text.replace("{collector}", collector?.url ?? "")]),
  );
  const { random } = value;
  const bed = await startBed(value.graph, value.replies ?? {}, {
    env,
    flags: [...(value.protocol === undefined ? [] : ["--protocol", value.protocol]), ...(value.flags ?? [])],
    annotations: annotationsOf(value),
    predictor: value.predictor ?? {},
    ...(random === undefined ? {} : { random: () => random }),
  });
  try {
    for (const [i, step] of steps.entries()) {
      const isGrpc = step.grpc !== undefined;
      const answer = isGrpc ? await askGrpc(step, bed) : await askRest(step, bed);
      checkAnswer(`step ${i + 1}`, answer, step.expect ?? {}, isGrpc);
    }
    checkCalls(bed.calls, value.expect);
    if (value.expect.metrics !== undefined || value.expect.noMetrics !== undefined) {
      checkMetrics(await (await fetch(`${bed.url}/metrics`)).text(), value.expect);
    }
    if (collector !== undefined) {
      await collector.settle(value.expect.events?.length ?? 0);
      checkEvents(collector.posted, value.expect.events ?? []);
    }
  } finally {
    await bed.stop();
    await collector?.stop();
  }
}

function annotationsOf(value: Case): string {
  const given = value.annotations ?? "";
  if (typeof given === "string") return given;
  return Object.entries(given)
    .map(([name, text]) => `${name}=${JSON.stringify(text)}\n`)
    .join("");
}

/** By node:http, which adds nothing that a case did not write but Host and Connection. */
function askRest(step: Step, bed: TestBed): Promise<Answer> {
  const [method = "", path = ""] = (step.rest ?? "").split(" ");
  const body = bodyOf(step);
  const headers: Record<string, string | number> = {
    ...(step.request === undefined ? {} : { "content-type": "application/json" }),
    ...(body === undefined ? {} : { "content-length": body.length }),
    ...step.headers,
  };
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: bed.app.httpPort, method, path, headers, agent: false } as const;
    const call = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const received = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
        const bytes = Buffer.concat(chunks);
        const status = response.statusCode ?? 0;
        resolve({ status, details: "", bytes, json: null, headers: Object.fromEntries(received) });
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

function bodyOf(step: Step): Buffer | undefined {
  if (step.base64 !== undefined) return Buffer.from(step.base64, "base64");
  if (step.text !== undefined) return Buffer.from(step.text);
  return step.request === undefined ? undefined : Buffer.from(JSON.stringify(step.request));
}

async function askGrpc(step: Step, bed: TestBed): Promise<Answer> {
  const path = step.grpc ?? "";
  const messages = messagesOf(path);
  const request =
    step.base64 === undefined
      ? (messages?.encodeRequest(step.request ?? {}) ?? Buffer.alloc(0))
      : Buffer.from(step.base64, "base64");
  const answer = await callGrpc(bed.app.grpcPort, path, request, step.headers);
  const json = answer.code === 0 && messages !== undefined ? messages.decodeReply(answer.raw) : null;
  return { status: answer.code, details: answer.details, bytes: answer.raw, json, headers: answer.metadata };
}
