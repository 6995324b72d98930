import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { XdsEvent } from "../../deliver/xds-server/events.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { Reflector } from "../../source/kubernetes/reflector.ts";
import { countDeployments, type DeploymentCounts } from "./workload-metrics.ts";

/** What the control plane counts; nothing is reported to anyone, it is there to be scraped. */
export interface ControlPlaneMetrics {
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
  turnDone(result: "done" | "failed", durationMs: number): void;
  apiCall(call: {
    readonly verb: string;
    readonly kind: string;
    readonly status: number;
    readonly durationMs: number;
  }): void;
  xdsEvent(event: XdsEvent): void;
  /** A client has accepted a change after this time. */
  propagated(typeUrl: string, durationMs: number): void;
  xdsRefused(): void;
  review(report: { readonly kind: string; readonly allowed: boolean; readonly durationMs: number }): void;
}

/** Where gauges are read when somebody scrapes. */
export interface MetricSources {
  readonly queueLength: () => number;
  readonly isLeader: () => boolean;
  readonly reflectors: () => ReadonlyMap<string, Reflector>;
  readonly deployments: () => readonly KubernetesObject[];
}

const TURN_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const CALL_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PROPAGATION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const REVIEW_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 1];

export function createMetrics(sources: MetricSources): ControlPlaneMetrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const turns = new Histogram({
    name: "graphway_reconcile_duration_seconds",
    help: "How long one look at a SeldonDeployment takes, with its writes.",
    labelNames: ["result"],
    buckets: TURN_SECONDS,
    registers,
  });
  const calls = new Histogram({
    name: "graphway_api_request_duration_seconds",
    help: "Requests to the Kubernetes API; code 0: no answer.",
    labelNames: ["verb", "kind", "code"],
    buckets: CALL_SECONDS,
    registers,
  });
  const streams = new Gauge({
    name: "graphway_xds_streams",
    help: "Open xDS streams to this replica: one of each orchestrator and gateway, one for each filter of an Istio proxy.",
    registers,
  });
  const answers = new Counter({
    name: "graphway_xds_answers_total",
    help: "Responses that orchestrators, gateways and proxies have accepted or refused.",
    labelNames: ["answer"],
    registers,
  });
  const refused = new Counter({
    name: "graphway_xds_refused_streams_total",
    help: "Streams that were sent away: for who they are, or because there are too many different proxies.",
    registers,
  });
  const propagation = new Histogram({
    name: "graphway_xds_propagation_seconds",
    help: "From when a change became known to a client's acceptance, by type of resource.",
    labelNames: ["type"],
    buckets: PROPAGATION_SECONDS,
    registers,
  });
  const reviews = new Histogram({
    name: "graphway_admission_duration_seconds",
    help: "Admission reviews.",
    labelNames: ["kind", "allowed"],
    buckets: REVIEW_SECONDS,
    registers,
  });
  let counts = countDeployments([]);
  addGauges(register, sources, () => counts);

  return {
    render: async () => {
      counts = countDeployments(sources.deployments());
      return { contentType: register.contentType, text: await register.metrics() };
    },
    turnDone: (result, durationMs) => {
      turns.observe({ result }, durationMs / 1000);
    },
    apiCall: ({ verb, kind, status, durationMs }) => {
      calls.observe({ verb, kind, code: String(status) }, durationMs / 1000);
    },
    xdsEvent: ({ kind }) => {
      if (kind === "connect") streams.inc();
      else if (kind === "disconnect") streams.dec();
      else if (kind === "ack" || kind === "nack") answers.inc({ answer: kind });
    },
    propagated: (typeUrl, durationMs) => {
      propagation.observe({ type: typeUrl.slice(typeUrl.lastIndexOf(".") + 1) }, durationMs / 1000);
    },
    xdsRefused: () => {
      refused.inc();
    },
    review: ({ kind, allowed, durationMs }) => {
      reviews.observe({ kind, allowed: String(allowed) }, durationMs / 1000);
    },
  };
}

/** Read at every scrape; `counts` are of that scrape. */
function addGauges(register: Registry, sources: MetricSources, counts: () => DeploymentCounts): void {
  const gauge = (name: string, help: string, labelNames: readonly string[], read: (gauge: Gauge) => void): void => {
    const made: Gauge = new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [register],
      collect: () => {
        made.reset();
        read(made);
      },
    });
  };
  gauge("graphway_queue_length", "SeldonDeployments that wait to be looked at.", [], (one) => {
    one.set(sources.queueLength());
  });
  gauge("graphway_leader", "1 on the replica that writes.", [], (one) => {
    one.set(sources.isLeader() ? 1 : 0);
  });
  gauge("graphway_deployments", "SeldonDeployments by state.", ["state"], (one) => {
    for (const [state, count] of Object.entries(counts().byState)) one.set({ state }, count);
  });
  gauge("graphway_deployments_by_protocol", "SeldonDeployments by protocol.", ["protocol"], (one) => {
    for (const [protocol, count] of Object.entries(counts().byProtocol)) one.set({ protocol }, count);
  });
  gauge("graphway_predictors", "Predictors of all SeldonDeployments, and how many are shadows.", ["shadow"], (one) => {
    const { predictors, shadows } = counts();
    one.set({ shadow: "true" }, shadows);
    one.set({ shadow: "false" }, predictors - shadows);
  });
  gauge("graphway_cached_objects", "Objects that are known, by kind.", ["kind"], (one) => {
    for (const [kind, { counters }] of sources.reflectors()) one.set({ kind }, counters.objects);
  });
  gauge("graphway_watch_silent_seconds", "How long the API server has said nothing of a kind.", ["kind"], (one) => {
    for (const [kind, { counters }] of sources.reflectors())
      if (counters.lastHeardMs > 0) one.set({ kind }, Math.max(0, Date.now() - counters.lastHeardMs) / 1000);
  });
  gauge("graphway_relists", "Listings after the first, by kind: history was lost.", ["kind"], (one) => {
    for (const [kind, { counters }] of sources.reflectors()) one.set({ kind }, counters.relists);
  });
  gauge("graphway_watch_errors", "Failures of listing and watching, by kind.", ["kind"], (one) => {
    for (const [kind, { counters }] of sources.reflectors()) one.set({ kind }, counters.errors);
  });
}
