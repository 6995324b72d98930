import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PRE_STOP } from "../control-plane/src/plan/workloads/graph-container.ts";
import { parseFlags } from "../orchestrator/src/config/flags.ts";

test("an orchestrator serves on by itself until a second before the hook of its models ends", () => {
  const [, seconds] = /sleep (\d+)$/.exec(DEFAULT_PRE_STOP.exec?.command?.join(" ") ?? "") ?? [];
  const delay = ["--shutdown_delay=8s", "--graceful_timeout=60s"];
  const read = parseFlags(["--sdep=a", "--namespace=b", "--predictor=c", ...delay], {});
  assert.equal(read.kind === "options" && read.options.shutdownDelayMaxMs, (Number(seconds) - 1) * 1000);
});
