import assert from "node:assert/strict";
import { it } from "node:test";
import { graphway } from "#proto/gen/inference-graph.js";
import { checkLogger } from "./check-logger.ts";
import { graphOfMessage } from "./from-message.ts";

const IDENTITY = { namespace: "default", deployment: "iris", predictor: "main" };

function graphWith(logger: graphway.v1.Logger.$Properties) {
  const { InferenceGraph, Implementation } = graphway.v1;
  const root = { name: "m", implementation: Implementation.SIMPLE_MODEL, logger };
  return graphOfMessage(InferenceGraph.encode({ ...IDENTITY, root }).finish(), IDENTITY);
}

it("a graph from the control plane says what of its nodes is logged", () => {
  const { LOGGER_REQUEST, LOGGER_RESPONSE, LOGGER_ALL, LOGGER_OFF } = graphway.v1.LoggerMode;
  const url = "http://collector/x";
  const expected = new Map([
    [LOGGER_REQUEST, { requests: true, responses: false, url }],
    [LOGGER_RESPONSE, { requests: false, responses: true, url }],
    [LOGGER_ALL, { requests: true, responses: true, url }],
    [LOGGER_OFF, undefined],
  ]);
  for (const [mode, logger] of expected) {
    const { value, problems } = graphWith({ mode, url });
    assert.deepEqual([value?.root.logger, problems], [logger, []]);
    assert.equal(value?.logsPayloads, logger !== undefined);
  }
});

it("a logger that is not understood is a warning, and its node is served", () => {
  // A mode of a control plane that is newer than this orchestrator.
  const { value, problems } = graphWith(JSON.parse('{"mode":9}') as graphway.v1.Logger.$Properties);
  assert.equal(value?.root.logger, undefined);
  assert.deepEqual(
    problems.map(({ severity, path }) => [severity, path]),
    [["warning", "m"]],
  );
  assert.match(problems[0]?.message ?? "", /logger\.mode "9" is not one of request, response, all/);
});

it("a logger's URL is http or https, or none", () => {
  for (const url of ["", "http://a", "https://u:p@a:8443/x?y=z", "HTTP://[::1]:80"]) {
    const warnings: string[] = [];
    const checked = checkLogger({ mode: "all", url }, (text) => warnings.push(text));
    assert.deepEqual([checked?.url, warnings], [url, []]);
  }
  for (const url of ["a", "a:80", "//a", "ftp://a", "http:/a", "http://", "http://a:99999", "http://a b"]) {
    let message = "";
    const checked = checkLogger({ mode: "all", url }, (text) => (message = text));
    assert.equal(checked, undefined, url);
    assert.match(message, /is not an http or https URL; the node's payloads are not logged/);
  }
});
