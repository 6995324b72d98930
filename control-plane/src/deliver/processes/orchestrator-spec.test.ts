import assert from "node:assert/strict";
import { it } from "node:test";
import { loadDocuments } from "../../model/load.ts";
import type { PlanOptions } from "../../plan/options.ts";
import { planModel } from "../../plan/plan-model.ts";
import { enginePredictor } from "../../render/orchestrator/engine-predictor.ts";
import { renderInferenceGraph } from "../../render/orchestrator/inference-graph.ts";
import { orchestratorSpec } from "./orchestrator-spec.ts";

const manifest = (annotations: string): string =>
  `{apiVersion: machinelearning.seldon.io/v1, kind: SeldonDeployment, metadata: {name: a, annotations: {${annotations}}},
    spec: {predictors: [{name: main, graph:
      {name: gate, implementation: SIMPLE_MODEL, logger: {mode: all, url: "http://collector/x"}}}]}}`;

function specOf(annotations: string, options: Partial<PlanOptions> = {}) {
  const { value } = planModel(loadDocuments([{ file: "a.yaml", text: manifest(annotations) }]), options);
  const [plan] = value;
  const [predictor] = plan?.predictors ?? [];
  if (plan === undefined || predictor === undefined) throw new Error("there is no plan");
  const place = { main: "main.mjs", httpPort: 1, grpcPort: 2, xdsServer: "unix:x", enginePredictor: () => "" };
  return { plan, predictor, launch: orchestratorSpec(plan, predictor, place).launch };
}

it("an orchestrator is told where and how to log payloads", () => {
  const queue = '"seldon.io/executor-logger-queue-size": "7", "seldon.io/executor-logger-write-timeout-ms": "50"';
  const { plan, predictor, launch } = specOf(queue, { requestLoggerUrl: "http://events:8080" });
  const command = launch.command.join(" ");
  assert.match(command, / --log_work_buffer_size 7 --log_write_timeout_ms 50$/);
  assert.equal(launch.env["REQUEST_LOGGER_DEFAULT_ENDPOINT"], "http://events:8080");
  const logger = { mode: "all", url: "http://collector/x" };
  assert.deepEqual((enginePredictor(plan, predictor)["graph"] as { logger: unknown }).logger, logger);
  const { root } = renderInferenceGraph(plan, predictor).body as { root: { logger: unknown } };
  assert.deepEqual(root.logger, { ...logger, mode: "LOGGER_ALL" });
});

it("an orchestrator keeps its own limits for payload logging where nothing is said", () => {
  const { launch } = specOf("");
  assert.doesNotMatch(launch.command.join(" "), /--log_/);
  assert.equal(launch.env["REQUEST_LOGGER_DEFAULT_ENDPOINT"], "http://default-broker");
});
