import { problemOf, type Finding } from "../model/finding.ts";
import type { AcceptedDeployment } from "../model/model.ts";
import { readDeploymentAnnotations, type DeploymentAnnotations } from "../model/read-annotations.ts";
import { hasErrors, type Checked } from "../problem/problem.ts";
import { cap, type PlanContext } from "./context.ts";
import type { DeploymentPlan, Protocol } from "./deployment-plan.ts";
import { seldonId } from "./names.ts";
import { DEFAULT_PLAN_OPTIONS, type PlanOptions } from "./options.ts";
import { planBypass } from "./policy/bypass.ts";
import { planLimits, planRetry } from "./policy/limits.ts";
import { planPermits } from "./policy/permits.ts";
import { planRules } from "./policy/rules.ts";
import { planPolicyShadows } from "./policy/shadows.ts";
import { planSticky } from "./policy/sticky.ts";
import { planPredictor } from "./predictor.ts";
import { completePods } from "./workloads/component-pod.ts";
import { planWorkloads } from "./workloads/plan-workloads.ts";
import { planShadows, planSplit } from "./traffic.ts";
import type { CredentialSource } from "./workloads/server/download-credentials.ts";

/** What planning reads of a deployment that was loaded. */
export type PlanInput = Pick<AcceptedDeployment, "key" | "resource" | "policy" | "file" | "locate"> & {
  /** Secrets for downloads that a service account of its namespace lists. */
  readonly credentialsOf?: CredentialSource;
  /** Predictors whose orchestrator is to run beside the model where it can: what a rollout passes through. Absent: none. */
  readonly orchestratorBeside?: ReadonlySet<string>;
};

function protocolOf(protocol: string | undefined): Protocol {
  if (protocol === "tensorflow") return "tensorflow";
  return protocol === "v2" || protocol === "kfserving" ? "v2" : "seldon";
}

/** The values of an annotation, separated by commas. */
function listed(text: string | undefined, otherwise: string): readonly string[] {
  const values = (text ?? "").split(",").map((one) => one.trim());
  const given = values.filter((one) => one !== "");
  return given.length === 0 ? [otherwise] : [...new Set(given)];
}

/** A host name, with a wildcard for its first label or for all of it. */
const HOST = /^(\*|(\*\.)?[a-z0-9]([a-z0-9_.-]{0,251}[a-z0-9])?)$/;

function planHosts({ annotations, report }: PlanContext): readonly string[] {
  const hosts = listed(annotations.istioHost?.toLowerCase(), "*");
  for (const host of hosts.filter((one) => !HOST.test(one))) {
    const message = `${JSON.stringify(host)} in seldon.io/istio-host is no host name`;
    report({ code: "HostInvalid", at: ["spec", "annotations", "seldon.io/istio-host"], message });
  }
  return hosts;
}

/** Its own requests a deployment gets anyway. */
function planTakeover({ annotations, name }: PlanContext): Pick<DeploymentPlan, "takeover"> {
  const { takeover } = annotations;
  return takeover === undefined || takeover.deployment === name ? {} : { takeover };
}

function planBreakers({ circuitBreakers }: DeploymentAnnotations): Pick<DeploymentPlan, "circuitBreakers"> {
  const limits = Object.entries(circuitBreakers).map(([name, limit]: [string, number]) => [name, cap(limit)] as const);
  return limits.length === 0 ? {} : { circuitBreakers: Object.fromEntries(limits) };
}

/** Seldon's orchestrator can read requests from Kafka, ours can't. */
function reportKafka({ report, resource }: PlanContext): void {
  if (resource.spec.serverType !== "kafka") return;
  const message = "requests are not read from Kafka; the deployment is served over REST and gRPC";
  report({ code: "KafkaNotServed", at: ["spec", "serverType"], message });
}

function buildPlan(context: PlanContext, { key, policy }: PlanInput): DeploymentPlan {
  const { annotations, options } = context;
  const spec = policy?.spec;
  const sticky = planSticky(context, spec);
  const { predictors } = context.resource.spec;
  const pods = predictors.map((one) => completePods(context, one));
  const shadows = planPolicyShadows(planShadows(context), spec);
  const planned = predictors.map((one, index) => planPredictor(context, one, index, pods[index] ?? []));
  return {
    key,
    namespace: context.namespace,
    name: context.name,
    seldonId: seldonId(context.name),
    protocol: context.protocol,
    transport: context.transport,
    hosts: planHosts(context),
    gateways: listed(annotations.istioGateway, options.gateway),
    predictors: policy?.spec.bypass === true ? planBypass(context, planned, shadows) : planned,
    split: planSplit(context),
    shadows,
    ...planRetry(annotations, spec),
    ...planBreakers(annotations),
    ...planTakeover(context),
    ...(sticky === undefined ? {} : { sticky }),
    rules: planRules(spec),
    ...planLimits(spec),
    fallback: [...new Set(spec?.fallback)],
    permits: planPermits(spec),
    workloads: planWorkloads(context, pods),
  };
}

/** What a checked and defaulted deployment means. No value when a problem stops it. Pure. */
export function planDeployment(
  input: PlanInput,
  options: Partial<PlanOptions> = {},
): Checked<DeploymentPlan | undefined> {
  const { resource, file, locate, credentialsOf, orchestratorBeside } = input;
  const found: Finding[] = [];
  const context: PlanContext = {
    resource,
    annotations: readDeploymentAnnotations(resource),
    namespace: resource.metadata.namespace,
    name: resource.metadata.name,
    protocol: protocolOf(resource.spec.protocol),
    transport: resource.spec.transport === "grpc" ? "grpc" : "rest",
    options: { ...DEFAULT_PLAN_OPTIONS, ...options },
    ...(credentialsOf === undefined ? {} : { credentialsOf }),
    ...(orchestratorBeside === undefined ? {} : { orchestratorBeside }),
    report: (finding) => found.push(finding),
  };
  reportKafka(context);
  const plan = buildPlan(context, input);
  const place = {
    object: input.key,
    ...(file === undefined ? {} : { file }),
    ...(locate === undefined ? {} : { locate }),
  };
  const problems = found.map((finding) => problemOf(finding, place));
  return { value: hasErrors(problems) ? undefined : plan, problems };
}
