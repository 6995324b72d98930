import { problem, type Checked } from "../../problem/problem.ts";

/** A node that something already running serves: `--endpoint`. */
export interface EndpointMapping {
  /** Absent: any namespace. */
  readonly namespace?: string;
  readonly deployment: string;
  readonly predictor: string;
  readonly node: string;
  readonly host: string;
  readonly httpPort: number;
  /** The same as `httpPort` unless given. */
  readonly grpcPort: number;
}

/** The form of the flag, for help texts and reports. */
export const ENDPOINT_FORM = "[<namespace>/]<deployment>/<predictor>/<node>=<host>:<port>[,<grpc-port>]";

const HOST = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?))$/;

/** Reads the values of `--endpoint`; a value that is none is an error problem and left out. */
export function parseEndpointMappings(values: readonly string[]): Checked<readonly EndpointMapping[]> {
  const parsed = values.map((text) => ({ text, mapping: parseOne(text) }));
  return {
    value: parsed.flatMap(({ mapping }) => mapping ?? []),
    problems: parsed
      .filter(({ mapping }) => mapping === undefined)
      .map(({ text }) =>
        problem("LocalEndpointInvalid", { path: "--endpoint", message: `--endpoint ${text} is not ${ENDPOINT_FORM}` }),
      ),
  };
}

function parseOne(text: string): EndpointMapping | undefined {
  const match = /^(?<path>[^=]+)=(?<host>.+):(?<http>\d+)(?:,(?<grpc>\d+))?$/.exec(text.trim());
  if (!match?.groups) return undefined;
  const names = (match.groups["path"] ?? "").split("/");
  const host = HOST.exec(match.groups["host"] ?? "")?.groups;
  const httpPort = Number(match.groups["http"]);
  const grpcPort = Number(match.groups["grpc"] ?? httpPort);
  if (names.length < 3 || names.length > 4 || names.includes("") || host === undefined) return undefined;
  if (!isPort(httpPort) || !isPort(grpcPort)) return undefined;
  const [node, predictor, deployment, namespace] = names.toReversed() as [string, string, string, string | undefined];
  const where = { host: host["v6"] ?? host["name"] ?? "", httpPort, grpcPort };
  return { ...(namespace === undefined ? {} : { namespace }), deployment, predictor, node, ...where };
}

function isPort(port: number): boolean {
  return port > 0 && port < 65_536;
}

/** The mapping of a node, if there is one; one that names the namespace wins over one that does not. */
export function mappingOf(
  mappings: readonly EndpointMapping[],
  at: { readonly namespace: string; readonly deployment: string; readonly predictor: string; readonly node: string },
): EndpointMapping | undefined {
  const fitting = mappings.filter(
    (one) =>
      one.deployment === at.deployment &&
      one.predictor === at.predictor &&
      one.node === at.node &&
      (one.namespace === undefined || one.namespace === at.namespace),
  );
  return fitting.find((one) => one.namespace !== undefined) ?? fitting[0];
}
