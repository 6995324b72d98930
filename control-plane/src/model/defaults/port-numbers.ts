import type { ContainerPortNumbers, PortsInUse } from "../model.ts";

/** Gives each container name its number; a name seen before keeps it. */
interface NameNumbers {
  numberOf(containerName: string): number;
}

/** Numbers from `first` up, one per name, across all predictors of a deployment. */
function numbersByName(first: number): NameNumbers {
  const known = new Map<string, number>();
  let next = first;
  return {
    numberOf(containerName) {
      const number = known.get(containerName) ?? next;
      if (!known.has(containerName)) {
        known.set(containerName, number);
        next += 1;
      }
      return number;
    },
  };
}

/** Where automatic numbers begin. */
export type FirstNumbers = Required<ContainerPortNumbers>;
type Kind = keyof FirstNumbers;

/** The numbers of one predictor's containers. */
export interface PredictorNumbers {
  /** HTTP and gRPC: every container has both, in the graph or not. */
  serving(container: string): { readonly http: number; readonly grpc: number };
  /** Asked once for each container of the graph that brings no metrics port; those of one name have one number. */
  metrics(container: string): number;
}

/** The numbers of a deployment's containers; predictors and containers must be asked for in the order of the resource. */
export interface DeploymentNumbers {
  /** @param declared numbers that the predictor's containers bring themselves: no other container gets them */
  ofPredictor(predictor: string, containers: readonly string[], declared: readonly number[]): PredictorNumbers;
}

/** A number outside this range from the first one is no automatic one, but was a user's. */
const AUTOMATIC_NUMBERS = 500;

/**
 * Seldon 1.17.1 counts: HTTP and gRPC numbers by container name over all predictors, metrics ports one by one. What runs
 * already keeps its number, so that a predictor that comes, goes or moves restarts no other; a container that joins a
 * running predictor gets Seldon's number unless another one there has it.
 */
export function deploymentNumbers(first: FirstNumbers, inUse: PortsInUse | undefined): DeploymentNumbers {
  const http = numbersByName(first.http);
  const grpc = numbersByName(first.grpc);
  let nextMetrics = first.metrics;
  return {
    ofPredictor(predictor, containers, declared) {
      const kept = inUse === undefined ? NONE : keptNumbers(first, containers, (one) => inUse(predictor, one));
      const taken = new Set([...declared, ...[...kept.values()].flatMap((one) => Object.values(one) as number[])]);
      const given = new Map<string, { readonly http: number; readonly grpc: number }>();
      const givenMetrics = new Map<string, number>();
      const choose = (kind: Kind, container: string, seldons: number): number => {
        const number = kept.get(container)?.[kind] ?? (kept.size === 0 ? seldons : free(taken, seldons, first[kind]));
        taken.add(number);
        return number;
      };
      return {
        serving(container) {
          const seldons = { http: http.numberOf(container), grpc: grpc.numberOf(container) };
          const known = given.get(container);
          if (known !== undefined) return known;
          const numbers = {
            http: choose("http", container, seldons.http),
            grpc: choose("grpc", container, seldons.grpc),
          };
          given.set(container, numbers);
          return numbers;
        },
        metrics(container) {
          const seldons = nextMetrics++;
          // Containers of one name run in pods of their own. What runs is known by name, so two numbers would not last.
          const number = givenMetrics.get(container) ?? choose("metrics", container, seldons);
          givenMetrics.set(container, number);
          return number;
        },
      };
    },
  };
}

type Kept = ReadonlyMap<string, ContainerPortNumbers>;
const NONE: Kept = new Map();

/** What the containers have in their running pods, as far as it was given automatically and to one of them alone. */
function keptNumbers(
  first: FirstNumbers,
  containers: readonly string[],
  inUse: (container: string) => ContainerPortNumbers | undefined,
): Kept {
  const claimed = new Set<number>();
  const kept = new Map<string, ContainerPortNumbers>();
  const keep = (kind: Kind, number: number | undefined): ContainerPortNumbers => {
    const isAutomatic = number !== undefined && number >= first[kind] && number < first[kind] + AUTOMATIC_NUMBERS;
    if (!isAutomatic || claimed.has(number)) return {};
    claimed.add(number);
    return { [kind]: number };
  };
  for (const container of new Set(containers)) {
    const { http, grpc, metrics } = inUse(container) ?? {};
    const own = { ...keep("http", http), ...keep("grpc", grpc), ...keep("metrics", metrics) };
    if (Object.keys(own).length > 0) kept.set(container, own);
  }
  return kept;
}

/** The wanted number if nobody has it, else the first that nobody has. */
function free(taken: ReadonlySet<number>, wanted: number, first: number): number {
  if (!taken.has(wanted)) return wanted;
  let number = first;
  while (taken.has(number)) number += 1;
  return number;
}
