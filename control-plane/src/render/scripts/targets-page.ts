import { FEATURE_TARGETS, FEATURES, type Expression, type FeatureTarget } from "../features.ts";

const HEAD = `# What each target can express

Generated from the table of features by \`node control-plane/src/render/scripts/write-docs.ts\`.

The same SeldonDeployments and RoutePolicies can be carried out by Graphway's own gateway (\`graphway render --target xds\`), by Istio with or
without the filter (\`--target istio\`), and by any implementation of Gateway API (\`--target gateway-api\`). Where a deployment asks for
something that a target cannot express, or only in part, it is a problem (\`IstioInexpressible\`, or \`TargetInexpressible\` of Gateway API), and the
rest is carried out.
`;

const FOOT = `## Gateway API

\`npx graphway render --target gateway-api -f file.yaml | kubectl apply -f -\` writes one HTTPRoute and one GRPCRoute per deployment, and an HTTPRoute per
explainer, all of \`gateway.networking.k8s.io/v1\`, standard channel; shares of shadows need version 1.3. Parents are the Gateways that
\`seldon.io/istio-gateway\` names, as \`namespace/name\`; such a Gateway must allow routes from the deployment's namespace. The routes stand
in the namespace of their Services, so no ReferenceGrant is needed.

A listener takes HTTPRoutes or GRPCRoutes of a host, not both, in implementations that keep to the letter of the standard. Give each a
listener of its own, and name them by \`--http-listener\` and \`--grpc-listener\`.

The GRPCRoute is called \`<deployment>.grpc\`: of two routes with one name Istio 1.31 takes up the HTTPRoute alone, while it says of both that
they are accepted. A deployment that is itself called \`<another>.grpc\` is therefore a problem. \`kubectl apply\` deletes nothing: a GRPCRoute
that an earlier version of Graphway wrote, called as the deployment, stays until you delete it (\`kubectl delete grpcroute <deployment>\`), as do
the routes of deployments that are gone. With Istio as the implementation all of this is tried in each run of the scenario \`gateway/foreign\`.

There is no filter in this set-up: every rule removes the headers that only the filter may set, and \`x-graphway-predictor\` is not on
answers.
`;

const SIGNS: Readonly<Record<Expression["level"], string>> = { full: "yes", partly: "partly", no: "no" };

/** docs/targets.md. */
export function renderTargetsPage(): string {
  const targets = Object.keys(FEATURE_TARGETS) as readonly FeatureTarget[];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = FEATURES.map((feature) =>
    line([
      feature.name,
      ...targets.map((target) => `${SIGNS[feature.targets[target].level]}: ${feature.targets[target].how}`),
    ]),
  );
  const head = ["Feature", ...targets.map((target) => FEATURE_TARGETS[target])];
  return [HEAD, line(head), line(head.map(() => "---")), ...rows, "", FOOT].join("\n");
}
