import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { startBed, type TestBed } from "../tests/orchestrator.ts";
import { startGateway } from "./gateway.ts";
import { SELDON_ENV } from "./python-process.ts";

const run = promisify(execFile);
const REPLY = { meta: { tags: { seen: true } }, data: { names: ["y"], tensor: { shape: [1, 1], values: [7] } } };

async function withBed(check: (bed: TestBed, folder: string) => Promise<void>): Promise<void> {
  const bed = await startBed(
    { name: "m", type: "MODEL" },
    { "m/predict": { body: REPLY }, "m/send-feedback": { body: {} } },
  );
  const folder = await mkdtemp(join(tmpdir(), "graphway-tools-"));
  try {
    await check(bed, folder);
  } finally {
    await bed.stop();
    await rm(folder, { recursive: true });
  }
}

describe("Seldon's tools for users", { timeout: 280_000 }, () => {
  for (const transport of ["rest", "grpc"] as const) {
    it(`seldon-batch-processor over ${transport}: every line of a file, with an id each`, async () => {
      await withBed(async (bed, folder) => {
        const port = transport === "rest" ? bed.app.httpPort : bed.app.grpcPort;
        const lines = Array.from({ length: 20 }, (_, i) => `[[${i}]]`);
        await writeFile(join(folder, "in"), `${lines.join("\n")}\n`);
        const where = [
          "-d",
          "iris",
          "-n",
          "default",
          "-g",
          "seldon",
          "-h",
          `127.0.0.1:${port}`,
          "--transport",
          transport,
        ];
        const what = ["-a", "data", "-p", "ndarray", "-m", "predict", "-w", "4", "-u", "batch-7"];
        const files = ["-i", join(folder, "in"), "-o", join(folder, "out")];
        await run(join(SELDON_ENV, "seldon-batch-processor"), [...where, ...what, ...files], { cwd: folder });
        const answers = (await readFile(join(folder, "out"), "utf8")).trim().split("\n");
        assert.equal(answers.length, 20);
        for (const answer of answers) assert.match(answer, /"seen": true/);
        assert.equal(bed.calls.length, 20);
        const ids = new Set(bed.calls.map((call) => call.headers["seldon-puid"]));
        assert.equal(ids.size, 20);
      });
    });

    it(`seldon-core-api-tester over ${transport}: random data of a contract`, async () => {
      await withBed(async (bed, folder) => {
        const gateway = await startGateway(bed.app.httpPort);
        try {
          const port = transport === "rest" ? gateway.port : bed.app.grpcPort;
          const contract = join(import.meta.dirname, "clients", "contract.json");
          const where = [contract, "127.0.0.1", String(port), "iris", "--namespace", "default", "-p"];
          const over = transport === "grpc" ? ["--grpc"] : [];
          const asked = ["-n", "2", "-b", "3", "-t", ...over, ...where];
          const { stdout } = await run(join(SELDON_ENV, "seldon-core-api-tester"), asked, { cwd: folder });
          assert.match(stdout, /RECEIVED RESPONSE:.*seen.*RECEIVED RESPONSE:.*seen/s, stdout);
          assert.equal(bed.calls.length, 2);
        } finally {
          await gateway.stop();
        }
      });
    });
  }
});
