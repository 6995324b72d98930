import { readFile } from "node:fs/promises";
import { dump } from "js-yaml";
import { describeRouteTable, readRouteTable } from "../control-plane/src/render/filter-table/read.ts";
import type { Problem } from "../control-plane/src/problem/problem.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway table dump FILE [--json]

Prints a route table, the value of the filter's configuration, for people. FILE is - for standard input, or a file with

  the bytes      graphway render -t filter-table -o bytes -f iris.yaml > table.bin
                 graphway table dump table.bin
  their base64   the "value" of the filter's configuration in the /config_dump of Envoy's admin port, without quotes

Exit code: 0 printed, 1 no table that the filter would take, 2 wrong usage or a file that cannot be read.
`;

const OPTIONS = {
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

async function readInput(file: string): Promise<Buffer> {
  if (file !== "-") return readFile(file);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Base64 of a table begins with its magic too. */
function fromBase64(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1").trim();
  return /^R1dSV[A-Za-z0-9+/\s]*={0,2}$/.test(text) ? Buffer.from(text, "base64") : bytes;
}

function report({ file, message, hint }: Problem): void {
  process.stderr.write(`${file === undefined ? "" : `${file}: `}${message}\n  ${hint}\n`);
}

/** `graphway table dump FILE`. */
export async function run(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [verb, file, ...rest] = positionals;
  if (verb !== "dump" || file === undefined || rest.length > 0) throw new UsageError("write: table dump FILE");
  let bytes;
  try {
    bytes = fromBase64(await readInput(file));
  } catch (error) {
    throw new UsageError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { value, problems } = readRouteTable(bytes, file);
  problems.forEach(report);
  if (value === undefined) return 1;
  const data = describeRouteTable(value);
  process.stdout.write(
    values.json ? `${JSON.stringify(data, null, 2)}\n` : dump(data, { lineWidth: 120, noRefs: true }),
  );
  return 0;
}
