import { bypassed } from "../../plan/bypass-calls.ts";
import { CLUSTER_KINDS, clusterName, modelClusterName, type ClusterKind } from "../../plan/names.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Checked } from "../../problem/problem.ts";
import { encodeResource } from "../../render/xds/encode.ts";
import { renderEndpoints } from "../../render/xds/endpoints.ts";
import type { WasmSource } from "../../render/xds/filter-config.ts";
import type { XdsOptions } from "../../render/xds/options.ts";
import { renderXds } from "../../render/xds/render.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { renderGatewayFilter } from "../../deliver/gateway-rollout/gateway-table.ts";
import type { GatewaySnapshot } from "../../deliver/gateway-rollout/rollout.ts";

/** Where something answers on this machine. */
interface Address {
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** Where a predictor answers on this machine. */
export interface PredictorAddress extends Address {
  /** Its model, past the orchestrator, where the plan has a way there. */
  readonly model?: Address;
}

export interface SnapshotOptions {
  readonly xds: Partial<XdsOptions>;
  readonly wasm: WasmSource;
  /** Where a predictor of a plan answers. */
  readonly addressOf: (plan: DeploymentPlan, predictor: string) => PredictorAddress;
  /** A number for a table that no table ever had. */
  readonly nextGeneration: () => bigint;
}

/** Everything our Envoy needs to serve these plans. */
export function renderSnapshot(plans: readonly DeploymentPlan[], options: SnapshotOptions): Checked<GatewaySnapshot> {
  const rendered = renderXds(plans, options.xds);
  const isBackend = (typeUrl: string): boolean => typeUrl === TYPE.cluster;
  const endpoints = plans.flatMap((plan) =>
    plan.predictors.flatMap((predictor) => {
      const address = options.addressOf(plan, predictor.name);
      const own = CLUSTER_KINDS.map((kind) => endpointsOf(clusterName, plan, predictor.name, kind, address));
      const { model } = address;
      if (model === undefined || bypassed(plan).length === 0) return own;
      return [...own, ...CLUSTER_KINDS.map((kind) => endpointsOf(modelClusterName, plan, predictor.name, kind, model))];
    }),
  );
  const table = renderGatewayFilter(plans, options);
  const value: GatewaySnapshot = {
    backends: [...rendered.value.filter((one) => isBackend(one.typeUrl)), ...endpoints].map(encodeResource),
    routing: rendered.value.filter((one) => !isBackend(one.typeUrl)).map(encodeResource),
    table: table.value,
  };
  return { value, problems: [...rendered.problems, ...table.problems] };
}

function endpointsOf(
  clusterOf: typeof clusterName,
  plan: DeploymentPlan,
  predictor: string,
  kind: ClusterKind,
  address: Address,
) {
  const port = kind === "http" ? address.httpPort : address.grpcPort;
  return renderEndpoints(clusterOf(plan.namespace, plan.name, predictor, kind), [{ address: address.host, port }]);
}
