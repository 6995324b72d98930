/** How a scenario's model behaves; read from the environment of its container. */
export interface ModelSettings {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** ANSWER: the row that it predicts, whatever it is asked. */
  readonly answer: readonly number[];
  /** ROUTE: the child that it chooses as a router; -1 is all of them. */
  readonly route: number;
  /** DELAY_MS: how long every answer takes. */
  readonly delayMs: number;
  /** FAIL_FIRST: so many requests are answered with 503 before the first good one. */
  readonly failFirst: number;
  /** START_DELAY_MS: it listens only after this long. */
  readonly startDelayMs: number;
  /** LOG_HEADERS: headers that begin so are logged with every REST request; empty: none are. */
  readonly logHeaders: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings from the environment. Throws on a value that is none: a scenario with a typing error must not pass. */
export function readSettings(env: Environment): ModelSettings {
  const servicePort = env["PREDICTIVE_UNIT_SERVICE_PORT"] ?? "9000";
  return {
    httpPort: readNumber(env["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"] ?? servicePort, "PREDICTIVE_UNIT_HTTP_SERVICE_PORT"),
    grpcPort: readNumber(env["PREDICTIVE_UNIT_GRPC_SERVICE_PORT"] ?? "9500", "PREDICTIVE_UNIT_GRPC_SERVICE_PORT"),
    answer: readRow(env["ANSWER"] ?? "[1,2,3,4]"),
    route: readNumber(env["ROUTE"] ?? "0", "ROUTE"),
    delayMs: readNumber(env["DELAY_MS"] ?? "0", "DELAY_MS"),
    failFirst: readNumber(env["FAIL_FIRST"] ?? "0", "FAIL_FIRST"),
    startDelayMs: readNumber(env["START_DELAY_MS"] ?? "0", "START_DELAY_MS"),
    logHeaders: env["LOG_HEADERS"] ?? "",
  };
}

function readNumber(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value)) throw new Error(`${name} must be a whole number, not "${text}"`);
  return value;
}

function readRow(text: string): readonly number[] {
  const row: unknown = JSON.parse(text);
  if (!Array.isArray(row) || !row.every((one) => typeof one === "number")) {
    throw new Error(`ANSWER must be an array of numbers, not ${text}`);
  }
  return row;
}
