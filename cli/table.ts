import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { dump } from "js-yaml";
import { describeRouteTable, readRouteTable } from "../control-plane/src/render/filter-table/read.ts";
import type { Problem } from "../control-plane/src/problem/problem.ts";

const USAGE = `Usage: graphway table dump FILE [--json]

Prints a route table (the bytes of the filter's configuration) for people.
FILE holds the bytes, or their base64 as Envoy's config_dump shows them; - is standard input.
Exit code 0: printed; 1: no table that the filter would take; 2: usage or unreadable file.
`;

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
  let parsed;
  try {
    const options = { json: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;
    parsed = parseArgs({ args: [...words], options, allowPositionals: true });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const [verb, file, ...rest] = parsed.positionals;
  if (parsed.values.help === true) return (process.stdout.write(USAGE), 0);
  if (verb !== "dump" || file === undefined || rest.length > 0) return (process.stderr.write(USAGE), 2);
  let bytes;
  try {
    bytes = fromBase64(await readInput(file));
  } catch (error) {
    process.stderr.write(`cannot read ${file}: ${(error as Error).message}\n`);
    return 2;
  }
  const { value, problems } = readRouteTable(bytes, file);
  problems.forEach(report);
  if (value === undefined) return 1;
  const data = describeRouteTable(value);
  process.stdout.write(
    parsed.values.json === true ? `${JSON.stringify(data, null, 2)}\n` : dump(data, { lineWidth: 120, noRefs: true }),
  );
  return 0;
}
