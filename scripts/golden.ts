// npm run golden -- [case...] [--update]: compares the golden cases with what the code makes of them, or rewrites them.
import { env, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { checkCase, listCases, showDifference, updateCase } from "../control-plane/testdata/golden-case.ts";

const { values, positionals } = parseArgs({
  options: { update: { type: "boolean", default: false } },
  allowPositionals: true,
});

function refuse(message: string): never {
  stderr.write(`golden: ${message}\n`);
  exit(2);
}

const known = await listCases();
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) refuse(`no case ${unknown.join(", ")} in control-plane/testdata`);
if (values.update && (env["CI"] ?? "") !== "")
  refuse("--update rewrites what is expected; it is refused where CI is set");

let changed = 0;
for (const name of positionals.length > 0 ? positionals : known) {
  const differences = await (values.update ? updateCase(name) : checkCase(name));
  changed += differences.length;
  for (const one of differences) stdout.write(`${name}/out/${showDifference(one)}\n\n`);
}
stdout.write(changed === 0 ? "all cases hold\n" : `${changed} files ${values.update ? "rewritten" : "differ"}\n`);
exit(changed > 0 && !values.update ? 1 : 0);
