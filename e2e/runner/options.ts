import { parseArgs } from "node:util";

export type TargetName = "cluster" | "kubeconfig" | "kind";

/** What `npm run e2e -- …` was asked. */
export interface Options {
  readonly target: TargetName;
  /** Scenarios by name, group or pattern; empty: all. */
  readonly names: readonly string[];
  /** Scenarios that run at once. */
  readonly jobs: number;
  /** Leaves what was installed, and the cluster where it was brought up. */
  readonly keep: boolean;
  /** For `kubeconfig`: the file, the context, the ingress as `host:port`, and the repository of the model images. */
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly ingress?: string;
  readonly modelImage: string;
  /** Names the scenarios and ends. */
  readonly list: boolean;
}

export const USAGE = `usage: npm run e2e -- [options] [scenario…]

A scenario is named in full (rolling/image), by group (rolling) or by pattern (rolling/*); none: all of them.

  --list                 name the scenarios
  --target <where>       cluster (default): a Kubernetes of this checkout, brought up and taken down, or used where it is up
                         kubeconfig: a cluster that is there; kind: one made with kind
  --jobs <n>             how many scenarios run at once (default 4)
  --keep                 leave Graphway and the cluster as they are at the end
  --kubeconfig <file>    for --target kubeconfig: default $KUBECONFIG, else ~/.kube/config
  --context <name>       its context; default: the current one
  --ingress <host:port>  where Istio's ingress gateway is reached from here
  --model-image <name>   image of the scenario models without tag, of which 1, 2 and executor are there
                         (default docker.io/graphway/model)
`;

/** Options from the command line, or what is wrong with it. */
export function readOptions(words: readonly string[]): Options | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        target: { type: "string", default: "cluster" },
        jobs: { type: "string", default: "4" },
        keep: { type: "boolean", default: false },
        list: { type: "boolean", default: false },
        kubeconfig: { type: "string" },
        context: { type: "string" },
        ingress: { type: "string" },
        "model-image": { type: "string", default: "docker.io/graphway/model" },
      },
    });
    const { target, kubeconfig, context, ingress } = values;
    if (target !== "cluster" && target !== "kubeconfig" && target !== "kind") return `there is no target ${target}`;
    const jobs = Number(values.jobs);
    if (!Number.isInteger(jobs) || jobs < 1) return `--jobs must be a number from 1, not ${values.jobs}`;
    if (target === "kubeconfig" && ingress === undefined) return "--target kubeconfig needs --ingress <host:port>";
    return {
      target,
      names: positionals,
      jobs,
      keep: values.keep,
      list: values.list,
      modelImage: values["model-image"],
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
      ...(ingress === undefined ? {} : { ingress }),
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
