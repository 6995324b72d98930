import type { Fields } from "../runner/kube.ts";
import type { Predictor, Resource } from "./defaults.ts";
import { owned } from "./owned.ts";

/** What Seldon 1.17.1 writes them with. */
const ISTIO = "networking.istio.io/v1alpha3";

function hostOf({ namespace }: Resource, service: string): string {
  return `${service}.${namespace}.svc.cluster.local`;
}

function destination(resource: Resource, { service, fields }: Predictor, number: number): Fields {
  return { host: hostOf(resource, service), subset: fields.name, port: { number } };
}

/** The destinations and the mirror of one protocol's port. */
function targets(resource: Resource, port: number): Fields {
  const isShadow = ({ fields }: Predictor): boolean => fields.shadow === true;
  const route = resource.predictors
    .filter((one) => !isShadow(one))
    .map((one) => ({
      destination: destination(resource, one, port),
      ...(one.fields.traffic === undefined ? {} : { weight: one.fields.traffic }),
    }));
  const shadow = resource.predictors.find(isShadow);
  if (shadow === undefined) return { route };
  const percentage = shadow.fields.traffic;
  return {
    route,
    mirror: destination(resource, shadow, port),
    ...(percentage === undefined ? {} : { mirrorPercentage: { value: percentage } }),
  };
}

/** VirtualServices: one for the predictors, one per explainer. */
export function virtualServices(resource: Resource, gateway: string): readonly Fields[] {
  const { name, namespace } = resource;
  const base = { hosts: ["*"], gateways: [gateway] };
  const prefix = { uri: { prefix: `/seldon/${namespace}/${name}/` } };
  const methods = {
    uri: { regex: ".*tensorflow.*|.*seldon.protos.*|.*inference.*" },
    headers: { seldon: { exact: name }, namespace: { exact: namespace } },
  };
  const spec = {
    ...base,
    http: [
      { match: [prefix], rewrite: { uri: "/" }, ...targets(resource, 8000) },
      { match: [methods], ...targets(resource, 5001) },
    ],
  };
  const explainers = resource.predictors.filter((one) => one.fields.explainer !== undefined);
  return [
    owned(resource, ISTIO, "VirtualService", { name }, { spec }),
    ...explainers.map((predictor) => {
      const service = `${predictor.service}-explainer`;
      const uri = { prefix: `/seldon/${namespace}/${name}-explainer/${predictor.fields.name}/` };
      const to = { host: service, subset: predictor.fields.name, port: { number: 9000 } };
      const http = [{ match: [{ uri }], rewrite: { uri: "/" }, route: [{ destination: to, weight: 100 }] }];
      return owned(resource, ISTIO, "VirtualService", { name: `${service}-http` }, { spec: { ...base, http } });
    }),
  ];
}

/** The DestinationRule of a predictor's Service. */
export function destinationRule(resource: Resource, service: string, predictor: string): Fields {
  const spec = {
    host: hostOf(resource, service),
    subsets: [{ name: predictor, labels: { version: predictor } }],
    trafficPolicy: { connectionPool: { http: { idleTimeout: "60s" } } },
  };
  return owned(resource, ISTIO, "DestinationRule", { name: service }, { spec });
}

export function destinationRules(resource: Resource): readonly Fields[] {
  return resource.predictors.flatMap(({ service, fields }) => {
    const [name, explainer] = [fields.name, `${service}-explainer`];
    const spec = { host: explainer, subsets: [{ name, labels: { version: name } }] };
    return [
      destinationRule(resource, service, name),
      ...(fields.explainer === undefined
        ? []
        : [owned(resource, ISTIO, "DestinationRule", { name: explainer }, { spec })]),
    ];
  });
}
