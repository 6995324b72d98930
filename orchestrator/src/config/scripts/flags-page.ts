import { ANNOTATIONS } from "../annotations.ts";
import { OWN_FLAGS, SELDON_FLAGS, type FlagSpec } from "../flag-table.ts";
import { VARIABLES, type VariableSpec } from "../variable-table.ts";

const HEAD = `# Settings of the orchestrator

Generated from the code's own tables by \`node orchestrator/src/config/scripts/write-docs.ts\`.

\`orchestrator/bin/orchestrator.mjs\` takes the place of Seldon's executor: the same flags, environment variables, annotations and
exit codes. Flags are written as Go's flag package reads them: \`--name value\`, \`--name=value\` or with one dash, \`--name\` alone for
true, durations such as \`15s\` or \`1m30s\`; what stands after \`--\` is not read. A flag that
can't be read ends with 2, one that is missing or says what can't be with 1, no graph, a taken port or a certificate that can't be
used with 255, each with the reason on standard error.`;

const LIFE = `## Start and stop

- The graph is the control plane's (\`--xds_server\`, waited for two seconds), else that of \`--file\`, else ENGINE_PREDICTOR's. A graph
  of the control plane takes the place of a local one whenever it comes; requests in flight end on the graph they began with.
- The first SIGTERM or SIGINT: \`/ready\` and the health over gRPC turn to not ready at once, everything is served for
  \`--shutdown_delay\`, and on until no prediction or feedback has come for two seconds, at most until \`--shutdown_delay_max\`. Then no
  connection is taken, those there get one more answer each, and the process exits 0; or 1, where requests are in flight after
  \`--shutdown_delay\` and \`--graceful_timeout\` together. The same signal again, a second later, ends it at once, with 1.
- From the signal on answers over REST say \`Connection: close\`; connections over gRPC get GOAWAY, once
  each, after the delay; calls that come on new connections are served.
- For a rolling restart without a lost request, let \`--shutdown_delay\` be as long as whoever sends requests takes, as a rule, to
  see that the pod is not ready. Those that are slower now and then are waited for: they still send, and so the orchestrator still
  serves. That helps where requests come more often than every two seconds, and each process of \`--workers\` judges alone by those
  it gets; where they are rarer, let the delay be longer than the time that whoever sends takes to hear of it.
- Serving on ends by itself 9 s after the signal, since models get theirs ten seconds after the orchestrator (\`preStop\`), or sooner,
  once a node takes no connection any more; and at 1.8 times the delay, which is shorter where a pod has little time to stop. Half of
  \`--graceful_timeout\` is left for requests in flight however long they come. Without a delay nothing is waited for, whatever
  \`--shutdown_delay_max\` says.
- \`/ready\` asks each node for a TCP connection (a TLS handshake with \`--node_tls=on\`) at its service port. With
  \`--full_health_checks\`: HTTP \`/api/v1.0/health/status\` (seldon) or \`/v2/health/ready\` (v2) must answer 200, a port that speaks gRPC
  alone must not deny \`grpc.health.v1\`; TensorFlow's nodes have no such path. All who ask at once share one check, and checks are
  at least 50 ms apart.`;

const TLS = `## TLS

- With SELDON_CERT_MOUNT_PATH both ports speak TLS 1.2 or newer and nothing else, so probes use HTTPS. By ALPN the REST port speaks
  \`http/1.1\` and the gRPC port \`h2\`; a client that offers no protocol is served too. \`--tls_client_ca_file\` asks clients for a certificate.
- All files of certificates, keys and authorities are read again when they change, in place or by a Secret's \`..data\` link. A new
  pair must parse and match before it is used; else the old one goes on, with an error in the log and in
  \`graphway_orchestrator_tls_reloads_total\`. Connections go on as they began; new ones use the new files.
- \`--xds_token_file\` is read for each connection, and a new token opens a new one.`;

const WORKERS = `## Workers

\`--workers N\` starts N processes that listen on the same two ports; the kernel deals connections out among them, so a few long-lived
connections may fall unevenly. One that dies is started again, with growing pauses, and the pod is not ready until all run. A scrape
of any of them shows all together: counts are summed, and those of a process that died stay as they were last scraped. The limits
on this page hold per process. 1, the default, serves in the process itself.`;

/** docs/orchestrator-flags.md. */
export function renderFlagsPage(): string {
  return [
    HEAD,
    LIFE,
    TLS,
    WORKERS,
    "## Flags of Seldon's executor",
    flagTable(SELDON_FLAGS),
    "## Flags of our own",
    flagTable(OWN_FLAGS),
    "## Environment",
    ...(["Seldon", "OpenTelemetry", "Graphway"] as const).flatMap((from) => [`### ${from}'s`, variableTable(from)]),
    "## Annotations of the pod",
    'Read once, at the start, from `--annotations_file` (the downward API\'s `key="value"` lines; values may hold `=`). A value that is ' +
      "not what it should be is a warning, and the others hold. A graph of the control plane brings its own, which win.",
    table(
      ["Annotation", "Value", "Meaning"],
      Object.entries(ANNOTATIONS).map(([name, { kind, help }]) => [code(name), kind, help]),
    ),
  ].join("\n\n");
}

function flagTable(flags: Readonly<Record<string, FlagSpec>>): string {
  const rows = Object.entries(flags).map(([name, { kind, initial, help }]) => [
    code(`--${name}`),
    kind,
    initial === "" ? "" : code(initial),
    help.replaceAll(/(--\w+)/g, "`$1`"),
  ]);
  return table(["Flag", "Value", "Default", "Meaning"], rows);
}

function variableTable(from: VariableSpec["from"]): string {
  const rows = Object.entries(VARIABLES)
    .filter(([, variable]) => variable.from === from)
    .map(([name, { help }]) => [code(name), help]);
  return table(["Variable", "Meaning"], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}
