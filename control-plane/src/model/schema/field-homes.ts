/** Where fields belong that are often written somewhere else, by their name. */
const HOMES: readonly (readonly [home: string, names: readonly string[]])[] = [
  ["spec", ["protocol", "transport", "serverType", "predictors"]],
  ["spec.predictors[]", ["graph", "componentSpecs", "svcOrchSpec", "explainer", "traffic", "shadow", "ssl"]],
  ["spec.predictors[].componentSpecs[]", ["hpaSpec", "kedaSpec", "pdbSpec"]],
  [
    "a node of spec.predictors[].graph",
    ["implementation", "modelUri", "parameters", "methods", "logger", "envSecretRefName", "storageInitializerImage"],
  ],
  [
    "spec.predictors[].componentSpecs[].spec",
    ["containers", "initContainers", "volumes", "nodeSelector", "tolerations", "affinity", "imagePullSecrets"],
  ],
  [
    "a container of spec.predictors[].componentSpecs[].spec.containers",
    ["image", "resources", "env", "envFrom", "command", "args", "volumeMounts", "livenessProbe", "readinessProbe"],
  ],
];

const HOME_OF: ReadonlyMap<string, string> = new Map(
  HOMES.flatMap(([home, names]) => names.map((name): [string, string] => [name, home])),
);

/** The place of a field of a SeldonDeployment, when its name says which is meant. */
export function homeOf(field: string): string | undefined {
  return HOME_OF.get(field);
}
