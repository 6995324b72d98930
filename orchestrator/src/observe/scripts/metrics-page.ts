import { FAULTS, type Fault } from "../../execute/call-error.ts";
import { BUCKETS_SECONDS, QUANTILES } from "../histogram.ts";
import { FAMILIES, type Family } from "../families.ts";

const HEAD = `# Metrics of the orchestrator

Generated from the table of families by \`node orchestrator/src/observe/scripts/write-docs.ts\`.

Served in Prometheus' text format at \`--prometheus_path\` (\`/metrics\`; Seldon's operator sets \`/prometheus\`). With \`--workers\`, any
worker answers for all of them: counts are summed, and of quantiles and of the event loop's delays the largest is shown.
`;

const SELDON = `Names, labels and buckets are those of Seldon 1.17.1, so that its dashboards go on working. A series appears with its first
observation. Buckets, in seconds: ${BUCKETS_SECONDS.join(", ")}. Quantiles of the summaries: ${QUANTILES.join(", ")}, within 5 %, over the last ten
minutes. \`/ready\`, \`/live\` and the metrics themselves are not measured.

| Label               | Value                                                                                                    |
| ------------------- | -------------------------------------------------------------------------------------------------------- |
| \`deployment_name\`   | the SeldonDeployment                                                                                     |
| \`predictor_name\`    | the predictor                                                                                            |
| \`predictor_version\` | its label \`version\`, else its annotation                                                                                      |
| \`service\`           | server: predictions, feedback, status or metadata, or the full gRPC method; client: the node's path or method, under the node's own model name |
| \`method\`            | \`post\` or \`get\`; over gRPC \`unary\`, and \`server_stream\` of a node that answers with a stream |
| \`code\`              | the HTTP status, or the gRPC code as Go spells it                                                        |
| \`model_name\`        | the node                                                                                                 |
| \`model_image\`, \`model_version\` | its image without and as its tag; a registry's port and a digest are no tag                 |

Calls that were never answered are counted too: a node that can't be reached as 503 or \`Unavailable\`, one that is too slow as 504 or
\`DeadlineExceeded\`. Shadow requests are counted like any other in these families, whose labels leave no room for more; what of it
is shadows, \`graphway_orchestrator_shadow_requests_total\` says. A family holds at most 5,000 series and a node at most 64
services; what is beyond is counted as \`other\`.
`;

const CAUSES: Readonly<Record<Fault, string>> = {
  "bad-request": "the client asked for what can't be done, or sent what can't be read",
  "unknown-model": "it named a model that the graph does not have",
  "too-large": "its body is larger than `--max_body_bytes`",
  overloaded: "a node's pool and its queue are full: refused with 503",
  "bad-route": "a router chose a branch that is not there",
  "bad-reply": "a node answered what can't be read",
  unreachable: "a node can't be reached",
  "too-slow": "the deadline of the request or of a node call passed",
  cancelled: "the client went away",
  "not-ready": "there was no graph to serve",
  internal: "a defect of the orchestrator: please report it, with the log",
  node: "a node answered with an error of its own",
};

/** docs/metrics.md. */
export function renderMetricsPage(): string {
  const all: readonly Family[] = Object.values(FAMILIES);
  const named = (prefix: string): readonly Family[] => all.filter((one) => one.name.startsWith(prefix));
  const causes = FAULTS.map((fault) => `| \`${fault}\` | ${CAUSES[fault]} |`);
  return [
    HEAD,
    "## Seldon's",
    SELDON,
    table(named("seldon_")),
    "## Our own",
    table(named("graphway_")),
    "Every `cause` is there from the start, with 0:",
    ["| Cause | Meaning |", "| --- | --- |", ...causes].join("\n"),
    "Nodes behind one address share one pool, and each shows all of it. `spans_total` is there while tracing is on, `xds_…` and " +
      "`graphs_refused_total` with `--xds_server`, `worker…` with `--workers`.",
    "## Node.js and the process",
    "The event loop is watched from the first scrape on.",
    table([...named("nodejs_"), ...named("process_")]),
  ].join("\n\n");
}

function table(families: readonly Family[]): string {
  const rows = families.map(({ name, type, labels, help }) => {
    const shown = name.startsWith("seldon_") ? "as above" : labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${name}\` | ${type} | ${shown} | ${help} |`;
  });
  return ["| Family | Type | Labels | Meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
