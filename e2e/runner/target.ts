/** A cluster that scenarios run on, and how to reach it from this process. */
export interface Target {
  readonly kubeconfig: string;
  /** Absent: the kubeconfig's current one. */
  readonly context?: string;
  /** `host:port` of Istio's ingress gateway. */
  readonly ingress: string;
  /** What the ingress serves: `namespace/name` of the Gateway object. */
  readonly gateway: string;
  /** Where the operator is installed. */
  readonly operatorNamespace: string;
  /** Model images, by version. */
  readonly modelImages: Readonly<Record<"1" | "2", string>>;
  /** An orchestrator that knows no xDS unless it is told: in place of Seldon's executor. */
  readonly executorImage: string;
  /** First process of the node, on this machine, whose daemons can be restarted; absent: somebody else's. */
  readonly nodePid?: number;
  /** Folder of Istio's source, with the charts that meshes of a scenario's own are installed by; absent: there are no images for them. */
  readonly istioSource?: string;
}

const VARIABLE = "GRAPHWAY_E2E_TARGET";

/** The target for a process that is started to run scenarios. */
export function targetEnvironment(target: Target): Readonly<Record<string, string>> {
  return { [VARIABLE]: JSON.stringify(target) };
}

/** The target that this process was started for. */
export function readTarget(env: Readonly<Record<string, string | undefined>>): Target {
  const text = env[VARIABLE];
  if (text === undefined) throw new Error(`${VARIABLE} is not set; start scenarios by: npm run e2e`);
  return JSON.parse(text) as Target;
}
