import type { Checked, Position, Problem } from "../problem/problem.ts";
import type { DefaultedDeployment } from "./defaulted.ts";
import type { RoutePolicy } from "./route-policy.ts";
import type { SeldonDeployment } from "./seldon-deployment.ts";

/** A text to read, YAML (several documents allowed) or JSON. */
export interface SourceText {
  /** As the user named it; stands in every problem. */
  readonly file: string;
  readonly text: string;
}

/** One object before anything is known about it. */
export interface SourceObject {
  readonly value: unknown;
  /** Absent for objects from Kubernetes. */
  readonly file?: string;
  /** Where a field stands, or its nearest parent that exists. */
  readonly locate?: (path: FieldPath) => Position | undefined;
  /** Port numbers that run already: a survivor of an edit keeps its own. Absent: nothing runs. */
  readonly portsInUse?: PortsInUse;
}

/** The numbers that a container of a predictor has in its running pods, if there are any. */
export type PortsInUse = (predictor: string, container: string) => ContainerPortNumbers | undefined;

export interface ContainerPortNumbers {
  readonly http?: number;
  readonly grpc?: number;
  readonly metrics?: number;
}

/** Keys and indices from the root of an object. */
export type FieldPath = readonly (string | number)[];

/** Every SeldonDeployment of the input, each judged on its own. */
export interface Model {
  readonly deployments: readonly LoadedDeployment[];
  /**
   * Files with an object that could not even be made out. A deployment that such a file held before and that is not in
   * `deployments` now is not known to be gone.
   */
  readonly incompleteFiles: readonly string[];
  /** Every RoutePolicy that has a name and can be made out. */
  readonly policies: readonly LoadedPolicy[];
}

/** What became of a RoutePolicy. */
export interface LoadedPolicy {
  readonly namespace: string;
  readonly name: string;
  /** Key of the SeldonDeployment that it targets; undefined: it names none. */
  readonly target?: string;
  /** False: another policy is used for the target instead. */
  readonly counts: boolean;
  /** Its own problems, and those with its target. */
  readonly problems: readonly Problem[];
}

export type LoadedDeployment = AcceptedDeployment | RejectedDeployment;

interface LoadedBase {
  /** `<namespace>/<name>`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly file?: string;
  /** This deployment's own problems and those of its policy; also part of the problems of the whole. */
  readonly problems: readonly Problem[];
}

/** A deployment without errors; its problems are warnings. */
export interface AcceptedDeployment extends LoadedBase {
  readonly accepted: true;
  /** As applied, nulls dropped as Kubernetes does. */
  readonly raw: SeldonDeployment;
  readonly resource: DefaultedDeployment;
  /** The policy that targets it. */
  readonly policy?: RoutePolicy;
  /** Finds a field of `raw` in the source text, for problems found later. */
  readonly locate?: (path: FieldPath) => Position | undefined;
}

/** A deployment with at least one error: what was served last must go on. */
export interface RejectedDeployment extends LoadedBase {
  readonly accepted: false;
}

/** What loading returns: the model and every problem of the input, in the order of the text. */
export type LoadedModel = Checked<Model>;
