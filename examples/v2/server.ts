// A V2 model server of one file: node server.ts <model>, on the port that a container of Seldon's is told.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  /** In rows, or in a row. */
  readonly data: readonly (number | readonly number[])[];
}

/** What each model makes of a tensor of rows. */
const MODELS: Readonly<Record<string, (input: Tensor) => Tensor>> = {
  "to-inches": ({ shape, data }) =>
    tensor(
      "inches",
      shape,
      data.flat().map((one) => one / 2.54),
    ),
  area({ shape: [rows = 0, columns = 0], data }) {
    const values = data.flat();
    const row = (i: number): readonly number[] => values.slice(i * columns, (i + 1) * columns);
    const products = Array.from({ length: rows }, (_, i) => row(i).reduce((product, one) => product * one, 1));
    return tensor("area", [rows], products);
  },
};

function tensor(name: string, shape: readonly number[], data: readonly number[]): Tensor {
  return { name, shape, datatype: "FP64", data };
}

const name = process.argv[2] ?? "";
const model = MODELS[name];
if (model === undefined) throw new Error(`there is no model ${name}; there are ${Object.keys(MODELS).join(", ")}`);

function infer(body: string): readonly [status: number, answer: object] {
  try {
    const { id, inputs } = JSON.parse(body) as { readonly id?: string; readonly inputs: readonly Tensor[] };
    const [input] = inputs;
    if (input === undefined) return [400, { error: "no input" }];
    return [200, { model_name: name, id, outputs: [model?.(input)] }];
  } catch (error) {
    return [400, { error: error instanceof Error ? error.message : String(error) }];
  }
}

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const { method, url = "" } = request;
    const isInfer = method === "POST" && url === `/v2/models/${name}/infer`;
    const isHealth = method === "GET" && url.startsWith("/v2/health/");
    const [status, answer] = isInfer
      ? infer(body)
      : isHealth
        ? [200, {}]
        : [404, { error: `no ${method} ${url} here` }];
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
});
server.listen(Number(process.env["PREDICTIVE_UNIT_HTTP_SERVICE_PORT"] ?? 9000), process.env["HOST"] ?? "127.0.0.1");
process.once("SIGTERM", () => server.close(() => process.exit(0)));
