import type { DeploymentPlan, ExplainerPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { explainerRouteName } from "../../plan/names.ts";
import { explainerUrlPrefix } from "../../plan/urls.ts";
import type { JsonObject } from "../xds/resource.ts";
import { tls } from "./destination-rule.ts";
import type { IstioOptions } from "./options.ts";

/** By the Service's short name, as Seldon writes it; Istio looks for it in the object's own namespace. */
function renderRule(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  explainer: ExplainerPlan,
  options: IstioOptions,
): JsonObject {
  const policy = tls(options);
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: explainer.serviceName, namespace: plan.namespace },
    spec: {
      host: explainer.serviceName,
      subsets: [{ name: predictor.name, labels: explainer.subsetLabels }],
      ...(Object.keys(policy).length === 0 ? {} : { trafficPolicy: policy }),
    },
  };
}

function renderRoute(plan: DeploymentPlan, predictor: PredictorPlan, explainer: ExplainerPlan): JsonObject {
  const destination = {
    host: explainer.serviceName,
    subset: predictor.name,
    port: { number: explainer.httpPort },
  };
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: explainerRouteName(explainer.serviceName), namespace: plan.namespace },
    spec: {
      hosts: plan.hosts,
      gateways: plan.gateways,
      http: [
        {
          match: [{ uri: { prefix: explainerUrlPrefix(plan, predictor.name) } }],
          rewrite: { uri: "/" },
          route: [{ destination, weight: 100 }],
          retries: { attempts: 0 },
        },
      ],
    },
  };
}

/** The Istio objects of a deployment's explainers. */
export function renderExplainers(
  plan: DeploymentPlan,
  options: IstioOptions,
): { readonly rules: readonly JsonObject[]; readonly routes: readonly JsonObject[] } {
  const explained = plan.predictors.flatMap((predictor) =>
    predictor.explainer === undefined ? [] : [{ predictor, explainer: predictor.explainer }],
  );
  return {
    rules: explained.map(({ predictor, explainer }) => renderRule(plan, predictor, explainer, options)),
    routes: explained.map(({ predictor, explainer }) => renderRoute(plan, predictor, explainer)),
  };
}
