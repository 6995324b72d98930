import { HEADER_PREDICTOR } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../plan/deployment-plan.ts";
import { type Checked, problem, type Problem } from "../problem/problem.ts";
import { describeRouteTable } from "./filter-table/read.ts";
import { type FilterTableOptions, OWN_CLUSTERS, planRouteTable, renderFilterTable } from "./filter-table/render.ts";
import type { GatewayApiOptions } from "./gateway-api/options.ts";
import { renderGatewayApi, sharedListenerProblems, sharedNameProblems } from "./gateway-api/render.ts";
import { findInexpressible } from "./features.ts";
import { renderIstio } from "./istio/render.ts";
import type { TakeoverRoutes } from "./istio/takeover.ts";
import { renderVirtualService } from "./istio/virtual-service.ts";
import { DEFAULT_ISTIO_OPTIONS, type IstioOptions } from "./istio/options.ts";
import { enginePredictor } from "./orchestrator/engine-predictor.ts";
import { renderInferenceGraph } from "./orchestrator/inference-graph.ts";
import { renderWorkloads } from "./workloads/render-workloads.ts";
import type { XdsOptions } from "./xds/options.ts";
import { renderXds } from "./xds/render.ts";
import type { Json, JsonObject } from "./xds/resource.ts";

/** Settings of every target; what is absent has its default. */
export interface TargetOptions {
  readonly xds?: Partial<XdsOptions>;
  readonly istio?: Partial<IstioOptions>;
  readonly gatewayApi?: Partial<GatewayApiOptions>;
}

/** One thing that plans can be turned into, as data for people. Problems say what it could not express. */
export interface Target {
  readonly name: string;
  readonly summary: string;
  readonly render: (plans: readonly DeploymentPlan[], options?: TargetOptions) => Checked<Json>;
  /** The same as bytes, where it has such a form. */
  readonly renderBytes?: (plans: readonly DeploymentPlan[]) => Checked<Uint8Array>;
}

/** Values of JSON that have no type of their own are written and read once to be plain data. */
function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function xds(plans: readonly DeploymentPlan[], options: TargetOptions = {}): Checked<Json> {
  const { value, problems } = renderXds(plans, options.xds);
  const unsaid = plans.flatMap((plan) => findInexpressible(plan, "gateway"));
  const shown = value.map(({ typeUrl, body }) => ({ "@type": typeUrl, ...body }));
  return { value: shown, problems: [...problems, ...unsaid] };
}

/** Once per output: whether the gateway strips the header can't be seen from here. */
function trustsHeader(plans: readonly DeploymentPlan[]): readonly Problem[] {
  if (plans.length === 0) return [];
  const message = `routes match the header ${HEADER_PREDICTOR}: a client that sets it chooses its predictor, policy or not, until the gateway strips it`;
  return [problem("IstioNeedsStripping", { message })];
}

/** Who of these plans answers some of a plan's requests. */
function takeoversOf(
  { namespace, name }: DeploymentPlan,
  plans: readonly DeploymentPlan[],
  options: TargetOptions,
): readonly TakeoverRoutes[] {
  return plans.flatMap((from) => {
    if (from.namespace !== namespace || from.takeover?.deployment !== name) return [];
    const { spec } = renderVirtualService(from, { ...DEFAULT_ISTIO_OPTIONS, ...options.istio });
    const { http } = spec as { readonly http: readonly JsonObject[] };
    return [{ from, headers: from.takeover.headers, http }];
  });
}

function istio(plans: readonly DeploymentPlan[], options: TargetOptions = {}): Checked<Json> {
  const rendered = plans.map((plan) => renderIstio(plan, options.istio, takeoversOf(plan, plans, options)));
  const { namedEntries } = { ...DEFAULT_ISTIO_OPTIONS, ...options.istio };
  const problems = [...rendered.flatMap((one) => one.problems), ...(namedEntries ? trustsHeader(plans) : [])];
  return { value: rendered.flatMap((one) => one.value), problems };
}

function gatewayApi(plans: readonly DeploymentPlan[], options: TargetOptions = {}): Checked<Json> {
  const rendered = plans.map((plan) => renderGatewayApi(plan, options.gatewayApi));
  const shared = [...sharedNameProblems(plans), ...sharedListenerProblems(plans, options.gatewayApi)];
  const problems = [...rendered.flatMap((one) => one.problems), ...shared];
  return { value: rendered.flatMap((one) => one.value), problems };
}

function orchestrator(plans: readonly DeploymentPlan[]): Checked<Json> {
  const value = plans.flatMap((plan) =>
    plan.predictors
      .filter((predictor) => predictor.orchestrator !== "none")
      .map((predictor) => {
        const { name, body } = renderInferenceGraph(plan, predictor);
        return { name, graph: body, engine_predictor: enginePredictor(plan, predictor) };
      }),
  );
  return { value, problems: [] };
}

function workloads(plans: readonly DeploymentPlan[]): Checked<Json> {
  const rendered = plans.map((plan) => renderWorkloads(plan));
  const value = rendered.flatMap(({ value: objects }) => [
    ...objects.services,
    ...objects.deployments,
    ...objects.autoscalers,
    ...objects.scaledObjects,
    ...objects.disruptionBudgets,
  ]);
  return { value: plain(value), problems: rendered.flatMap((one) => one.problems) };
}

/** The table of our own gateway. Its generation is counted by who delivers it, so here it is 1. */
const GATEWAY_TABLE: FilterTableOptions = {
  role: "gateway",
  generation: 1n,
  clusters: OWN_CLUSTERS,
};

/** The table of our own gateway as bytes, as `graphway explain` asks it. */
export function renderGatewayTable(plans: readonly DeploymentPlan[]): Checked<Uint8Array> {
  return renderFilterTable(plans, GATEWAY_TABLE);
}

function filterTable(plans: readonly DeploymentPlan[]): Checked<Json> {
  const { value, problems } = planRouteTable(plans, GATEWAY_TABLE);
  return { value: plain(describeRouteTable(value)), problems };
}

/** Every target there is; `graphway render --target` takes their names. */
export const TARGETS: readonly Target[] = [
  { name: "xds", summary: "clusters, listener and routes of our own gateway", render: xds },
  {
    name: "filter-table",
    summary: "the route table of the filter in our own gateway",
    render: filterTable,
    renderBytes: renderGatewayTable,
  },
  { name: "istio", summary: "VirtualServices and DestinationRules", render: istio },
  {
    name: "gateway-api",
    summary: "HTTPRoutes and GRPCRoutes for any implementation of Gateway API",
    render: gatewayApi,
  },
  { name: "orchestrator", summary: "the graph of every predictor", render: orchestrator },
  { name: "workloads", summary: "Services, Deployments and autoscalers: what runs in a cluster", render: workloads },
];
