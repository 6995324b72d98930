import { readFile } from "node:fs/promises";
import { stderr, stdin, stdout } from "node:process";
import { text } from "node:stream/consumers";
import { HEADER_PREFIX } from "#proto/vocabulary/headers.ts";
import { isJsonObject, type Json } from "#proto/json/json.ts";
import {
  NoAnswerError,
  type PredictionAnswer,
  type PredictionCall,
  predictByGrpc,
  predictByRest,
} from "./prediction-client.ts";
import { findJsonFault } from "./json-fault.ts";
import { PREDICTION_PROTOCOLS, protocolOfMessage, type PredictionProtocol } from "./prediction-protocols.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway predict [namespace/]name <data> [options]

Asks a running deployment for a prediction.

  <data>              rows as JSON ('[[5.1,3.5,1.4,0.2]]') or a string, which the protocol's message is made of;
                      a whole message as REST has it ('{"data":…}', '{"inputs":[…]}'); @file, or - for standard input

  --grpc              over gRPC instead of REST
  --protocol <name>   seldon, v2 or tensorflow; without it that of a whole message, and for rows the one that
                      the deployment knows
  --url <url>         the gateway (default http://localhost:8003)
  --header <k:v>      an HTTP header or gRPC metadata; may be given several times
  --timeout <s>       seconds to wait (default 30)
  --output <form>     pretty (default) or json: one object with status, headers and body
  --raw               the body as it came, nothing else

The answer goes to standard output, the ${HEADER_PREFIX}* headers to standard error.
Exit code: 0 an answer, 1 none or an error, 2 wrong usage.
`;

const OPTIONS = {
  grpc: { type: "boolean", default: false },
  protocol: { type: "string" },
  url: { type: "string", default: "http://localhost:8003" },
  header: { type: "string", multiple: true, default: [] as string[] },
  timeout: { type: "string", default: "30" },
  output: { type: "string", default: "pretty" },
  raw: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Values = ReturnType<typeof parseWords<typeof OPTIONS>>["values"];

function readTarget(target: string): { readonly namespace: string; readonly name: string } {
  const match = /^(?:([a-z0-9.-]+)\/)?([a-z0-9.-]+)$/.exec(target);
  if (match?.[2] === undefined) throw new UsageError(`${JSON.stringify(target)} is not [namespace/]name`);
  return { namespace: match[1] ?? "default", name: match[2] };
}

/** What is to be sent, and how a fault in it names its place. */
interface Data {
  readonly text: string;
  readonly source: string;
}

async function readData(word: string): Promise<Data> {
  if (word === "-") return { text: await text(stdin), source: "standard input" };
  if (!word.startsWith("@")) return { text: word, source: "the data" };
  try {
    return { text: await readFile(word.slice(1), "utf8"), source: word.slice(1) };
  } catch (error) {
    throw new UsageError(`cannot read ${word.slice(1)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What is sent: the protocols to try until the deployment knows one, and the message in each. */
interface Request {
  readonly protocols: readonly PredictionProtocol[];
  readonly messageIn: (protocol: PredictionProtocol) => Pick<PredictionCall, "text" | "message">;
}

/** Whole objects stay as they were typed, to the byte. */
function readRequest({ text: given, source }: Data, chosen: PredictionProtocol | undefined): Request {
  const json = parseJson(given);
  if (json === undefined) {
    const { line, column, found } = findJsonFault(given) ?? { line: 1, column: 1, found: given };
    const what = found === "" ? "it ends too early" : `${JSON.stringify(found)} does not belong there`;
    const isWord = source === "the data" && column === 1 && /^\p{L}/u.test(given);
    const advice = isWord ? `; a text has quotes of its own: '${JSON.stringify(given)}', a file is @${given}` : "";
    throw new UsageError(`${source}:${line}:${column}: this is not JSON: ${what}${advice}`);
  }
  if (isJsonObject(json)) {
    return { protocols: [chosen ?? protocolOfMessage(json)], messageIn: () => ({ text: given, message: json }) };
  }
  if (!Array.isArray(json) && typeof json !== "string") {
    throw new UsageError("the data must be an array of rows, a string or a whole message");
  }
  const messageIn: Request["messageIn"] = (protocol) => {
    const message = protocol.wrap(json as readonly Json[] | string);
    return { text: JSON.stringify(message), message };
  };
  return { protocols: chosen === undefined ? PREDICTION_PROTOCOLS : [chosen], messageIn };
}

function readProtocol(name: string | undefined): PredictionProtocol | undefined {
  if (name === undefined) return undefined;
  const found = PREDICTION_PROTOCOLS.find((one) => one.name === (name === "kfserving" ? "v2" : name));
  if (found === undefined) throw new UsageError(`--protocol ${name} is neither seldon, v2 nor tensorflow`);
  return found;
}

function readUrl(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new UsageError(`--url ${given} is not a URL such as http://localhost:8003`);
  }
  return url;
}

function readHeader(given: string): readonly [string, string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(given);
  if (match?.[1] === undefined) throw new UsageError(`--header ${given} is not name:value`);
  return [match[1], match[2] ?? ""];
}

function readTimeoutMs(given: string): number {
  const seconds = Number(given);
  if (!(seconds > 0 && seconds <= 86_400)) throw new UsageError(`--timeout ${given} is not a number of seconds`);
  return Math.round(seconds * 1000);
}

/** The options that do not depend on the data. */
function readOptions(values: Values, target: string): Omit<PredictionCall, "protocol" | "text" | "message"> {
  if (values.output !== "pretty" && values.output !== "json") {
    throw new UsageError(`--output ${values.output} is neither pretty nor json`);
  }
  return {
    ...readTarget(target),
    url: readUrl(values.url),
    headers: values.header.map(readHeader),
    timeoutMs: readTimeoutMs(values.timeout),
  };
}

/** A request in a protocol that the deployment does not know reaches no model, so the next one may be tried. */
async function ask(values: Values, target: string, data: string): Promise<PredictionAnswer> {
  const options = readOptions(values, target);
  const { protocols, messageIn } = readRequest(await readData(data), readProtocol(values.protocol));
  const send = values.grpc ? predictByGrpc : predictByRest;
  let first: PredictionAnswer | undefined;
  for (const protocol of protocols) {
    const answer = await send({ ...options, protocol, ...messageIn(protocol) });
    if (!answer.isUnknownPath) return answer;
    const names = protocols.map((one) => one.name).join(", ");
    first ??= { ...answer, status: `${answer.status}; it seems to speak another protocol than ${names}` };
  }
  if (first === undefined) throw new Error("no protocol was tried");
  return first;
}

function parseJson(body: string): Json | undefined {
  try {
    return JSON.parse(body) as Json;
  } catch {
    return undefined;
  }
}

/** Indented JSON, with what fits on a line kept on one line. */
function prettify(json: Json, indent = ""): string {
  const flat = JSON.stringify(json);
  if (flat.length + indent.length <= 100 || typeof json !== "object" || json === null) return flat;
  const inner = `${indent}  `;
  const isList = Array.isArray(json);
  const lines = Object.entries(json).map(([key, value]: [string, Json]) => {
    return `${inner}${isList ? "" : `${JSON.stringify(key)}: `}${prettify(value, inner)}`;
  });
  return `${isList ? "[" : "{"}\n${lines.join(",\n")}\n${indent}${isList ? "]" : "}"}`;
}

function print(answer: PredictionAnswer, values: Values): void {
  const body = parseJson(answer.body);
  if (values.raw) {
    stdout.write(answer.body);
    return;
  }
  if (values.output === "json") {
    const { ok, status, headers } = answer;
    stdout.write(`${JSON.stringify({ ok, status, headers, body: body ?? answer.body })}\n`);
    return;
  }
  for (const [name, value] of Object.entries(answer.headers)) {
    if (name.startsWith(HEADER_PREFIX)) stderr.write(`${name}: ${value}\n`);
  }
  if (answer.body !== "") stdout.write(`${body === undefined ? answer.body : prettify(body)}\n`);
}

async function predict(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) {
    stdout.write(USAGE);
    return 0;
  }
  const [target, data, ...rest] = positionals;
  if (target === undefined || data === undefined || rest.length > 0) {
    throw new UsageError(
      "give the deployment's name and the data, such as: graphway predict iris '[[5.1,3.5,1.4,0.2]]'",
    );
  }
  const answer = await ask(values, target, data);
  print(answer, values);
  if (!answer.ok) stderr.write(`graphway: ${answer.status}\n`);
  return answer.ok ? 0 : 1;
}

/** `graphway predict`: a small client for both transports. */
export async function run(words: readonly string[]): Promise<number> {
  try {
    return await predict(words);
  } catch (error) {
    // What the data can't be said as in protobuf.
    if (error instanceof TypeError || error instanceof RangeError) {
      throw new UsageError(error.message, { cause: error });
    }
    if (!(error instanceof NoAnswerError)) throw error;
    stderr.write(`graphway: ${error.message}\n`);
    return 1;
  }
}
