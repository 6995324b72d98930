import type { Finding } from "../finding.ts";
import { walkGraph } from "../graph.ts";
import type { SeldonDeploymentSpec } from "../seldon-deployment.ts";
import type { Rule } from "./rule.ts";

const PROTOCOLS = ["seldon", "tensorflow", "kfserving", "v2"];
const TRANSPORTS = ["rest", "grpc"];
const SERVER_TYPES = ["rpc", "kafka"];
const KAFKA_VARIABLES = ["KAFKA_BROKER", "KAFKA_INPUT_TOPIC", "KAFKA_OUTPUT_TOPIC"];

/** Seldon reports these on `spec`; our position is that of the field. */
function onSpec(code: Finding["code"], at: Finding["at"], message: string): Finding {
  return { code, at, path: "spec", message };
}

function isOther(value: string | undefined, known: readonly string[]): boolean {
  return value !== undefined && value !== "" && !known.includes(value);
}

/** Rules 1, 2 and 3. */
export const checkEnums: Rule = ({ protocol, transport, serverType }) => [
  ...(isOther(protocol, PROTOCOLS) ? [onSpec("ProtocolInvalid", ["spec", "protocol"], "Invalid protocol")] : []),
  ...(isOther(transport, TRANSPORTS) ? [onSpec("TransportInvalid", ["spec", "transport"], "Invalid transport")] : []),
  ...(isOther(serverType, SERVER_TYPES)
    ? [onSpec("ServerTypeInvalid", ["spec", "serverType"], "Invalid serverType")]
    : []),
];

/** Rule 4. */
export const checkKafka: Rule = ({ serverType, predictors }) => {
  if (serverType !== "kafka") return [];
  return predictors.flatMap(({ svcOrchSpec }, index) => {
    const given = new Set(svcOrchSpec?.env?.map((variable) => variable.name));
    if (KAFKA_VARIABLES.every((name) => given.has(name))) return [];
    const message = `For kafka please supply svcOrchSpec envs ${KAFKA_VARIABLES.join(", ")}`;
    const at = ["spec", "predictors", index, "svcOrchSpec", "env"];
    return [{ code: "KafkaEnvMissing", at, path: `spec.predictors[${index}]`, message } satisfies Finding];
  });
};

/** Rules 16 and 17. */
export const checkEndpointTypes: Rule = (spec) => {
  const typed = placedEndpointTypes(spec);
  const [first] = typed;
  if (first === undefined) return [];
  const other = typed.find((one) => one.type !== first.type);
  if (other !== undefined) {
    const message = "Multiple endpoint.types found - can only have 1 type in graph. Please use spec.transport";
    return [onSpec("EndpointTypesMixed", other.at, message)];
  }
  const opposite = { rest: "GRPC", grpc: "REST" }[spec.transport ?? ""];
  if (first.type !== opposite) return [];
  const message = "Mixed transport types found. Remove graph endpoint.types if transport set at deployment level";
  return [onSpec("TransportContradiction", first.at, message)];
};

function placedEndpointTypes({ predictors }: SeldonDeploymentSpec): readonly { type: string; at: Finding["at"] }[] {
  return predictors.flatMap(({ graph }, index) =>
    walkGraph(graph, index).flatMap(({ node, path }) => {
      const type = node.endpoint?.type;
      return type === undefined || type === "" ? [] : [{ type, at: [...path, "endpoint", "type"] }];
    }),
  );
}
