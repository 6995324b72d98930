import { join } from "node:path";
import { renderSnapshot } from "../../src/app/local/gateway-snapshot.ts";
import { createGenerations } from "../../src/deliver/gateway-rollout/generations.ts";
import type { GatewaySnapshot } from "../../src/deliver/gateway-rollout/rollout.ts";
import { serveRollout } from "../../src/deliver/gateway-rollout/serve-rollout-for-tests.ts";
import { loadObjects } from "../../src/model/load.ts";
import type { DeploymentPlan } from "../../src/plan/deployment-plan.ts";
import { planDeployment } from "../../src/plan/plan-deployment.ts";
import { encodeResource } from "../../src/render/xds/encode.ts";
import { renderFilterConfig } from "../../src/render/xds/filter-config.ts";

const WASM = { filename: join(import.meta.dirname, "..", "..", "..", "build", "filter", "filter.wasm") };
/** How many of how many requests go to which predictor. */
export interface Weights {
  readonly main: number;
  readonly canary: number;
}

/** Names of the predictors. */
export const NAMES: readonly (keyof Weights)[] = ["main", "canary"];

export interface PlaneOptions {
  readonly xdsSocket: string;
  /** Where Envoy listens. */
  readonly port: number;
  /** Where each predictor answers. */
  readonly portOf: (predictor: string) => number;
}

/** The parts of a control plane that tell an Envoy about one deployment. */
export interface Plane {
  /** Resolves when Envoy has answered. */
  publish(weights: Weights): Promise<void>;
  /** Sends a table that Envoy refuses; resolves when it has. */
  publishBroken(): Promise<void>;
  close(): Promise<void>;
}

function planOf(weights: Weights): DeploymentPlan {
  const predictors = NAMES.map((name) => {
    const containers = [{ name: "classifier", image: "none" }];
    return { name, traffic: 50, graph: { name: "classifier" }, componentSpecs: [{ spec: { containers } }] };
  });
  const value = {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name: "iris", namespace: "models" },
    spec: { predictors },
  };
  const [accepted] = loadObjects([{ value }]).value.deployments;
  const plan = accepted?.accepted === true ? planDeployment(accepted).value : undefined;
  if (plan === undefined) throw new Error("the deployment has no plan");
  // Seldon's percentages can't say 10:1.
  return { ...plan, split: NAMES.map((predictor) => ({ predictor, weight: weights[predictor] })) };
}

const nextGeneration = createGenerations();

function snapshotOf(weights: Weights, { port, portOf }: PlaneOptions): GatewaySnapshot {
  return renderSnapshot([planOf(weights)], {
    xds: { address: "127.0.0.1", port },
    wasm: WASM,
    nextGeneration,
    addressOf: (_, predictor) => ({
      host: "127.0.0.1",
      httpPort: portOf(predictor),
      grpcPort: portOf(predictor),
    }),
  }).value;
}

/** A control plane with nothing in its memory. Envoy connects to it by the socket. */
export async function startPlane(first: Weights, options: PlaneOptions): Promise<Plane> {
  let newest = snapshotOf(first, options);
  let onRefused: () => void = () => undefined;
  const ready = Promise.withResolvers<undefined>();
  const { rollout, refusals, close } = await serveRollout({
    socket: options.xdsSocket,
    ready: ready.promise,
    onRefusals: () => {
      if (refusals.problems().length > 0) onRefused();
    },
  });
  const send = async (snapshot: GatewaySnapshot): Promise<void> => {
    newest = snapshot;
    rollout.publish(snapshot);
    await rollout.settled();
  };
  await send(newest);
  ready.resolve(undefined);
  return {
    publish: (weights) => send(snapshotOf(weights, options)),
    publishBroken: async () => {
      const good = newest;
      const refused = new Promise<void>((resolve) => (onRefused = resolve));
      const broken = encodeResource(renderFilterConfig("gateway", Uint8Array.of(1, 2, 3), WASM));
      await send({ ...good, table: { fingerprint: "broken", encode: () => broken } });
      await refused;
      newest = good;
    },
    close,
  };
}
