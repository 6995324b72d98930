import type {
  TableCondition,
  TableDeployment,
  TableGrant,
  TablePredictor,
  TableRule,
  TableShadow,
  TableStickyKey,
  TextTest,
} from "#proto/route-table/model.ts";
import { NO_BODY_LIMIT } from "#proto/vocabulary/table-layout.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type {
  Condition,
  CookieIssue,
  Grant,
  RulePlan,
  ShadowEntry,
  SplitEntry,
  StickyKey,
} from "../../plan/traffic-plan.ts";
import type { ClusterNaming, ClusterUse } from "./clusters.ts";

/** For whom deployments are written. */
export interface Audience {
  /** The same function for the same names: what a plan is in a table is remembered by it. */
  readonly clusters: ClusterNaming;
  /** The namespace that every caller is in; absent: nobody knows it. */
  readonly callerNamespace?: string;
}

/** A text as the filter meets it: its UTF-8, a character per byte. */
function asBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function testOf(test: TextTest): TextTest {
  return "text" in test ? { kind: test.kind, text: asBytes(test.text) } : test;
}

function conditionOf(condition: Condition): TableCondition {
  switch (condition.on) {
    case "header":
      return { on: "header", name: condition.name.toLowerCase(), test: testOf(condition.test) };
    case "cookie":
    case "query":
      return { on: condition.on, name: asBytes(condition.name), test: testOf(condition.test) };
    case "path":
    case "method":
      return { on: condition.on, test: testOf(condition.test) };
    case "transport":
      return condition;
  }
}

/** What follows `name=value` of a cookie that we issue. No script has a use for it. */
function attributesOf(issue: CookieIssue, plan: DeploymentPlan): string {
  const path = issue.path ?? `/seldon/${plan.namespace}/${plan.name}/`;
  const maxAge = issue.maxAgeSeconds === undefined ? "" : `; Max-Age=${String(issue.maxAgeSeconds)}`;
  return `; Path=${path}${maxAge}; HttpOnly; SameSite=${issue.sameSite}${issue.secure ? "; Secure" : ""}`;
}

function stickyKeyOf(key: StickyKey, plan: DeploymentPlan): TableStickyKey {
  switch (key.kind) {
    case "header":
      return { kind: "header", name: key.name.toLowerCase() };
    case "query":
      return { kind: "query", name: asBytes(key.name) };
    case "cookie": {
      const issue = key.issue === undefined ? {} : { issue: { attributes: attributesOf(key.issue, plan) } };
      return { kind: "cookie", name: asBytes(key.name), ...issue };
    }
  }
}

/** Only who serves callers of one namespace knows that namespace; elsewhere nobody is granted anything by it. */
function grantsOf(grants: readonly Grant[], callerNamespace: string | undefined): readonly TableGrant[] {
  return grants.flatMap((grant): readonly TableGrant[] => {
    switch (grant.kind) {
      case "anyone":
      case "secret":
        return [grant];
      case "claim":
        return [{ kind: "claim", header: grant.header.toLowerCase(), value: asBytes(grant.value) }];
      case "namespace":
        return grant.namespace === callerNamespace ? [{ kind: "anyone" }] : [];
    }
  });
}

/** What the filter must know about a plan. Every text is bytes then; nothing is checked yet. */
export function tableDeployment(plan: DeploymentPlan, { clusters, callerNamespace }: Audience): TableDeployment {
  const targetOf = (predictor: string, use: ClusterUse) => ({
    name: predictor,
    httpCluster: clusters(plan, predictor, "http", use),
    grpcCluster: clusters(plan, predictor, "grpc", use),
  });
  const splitOf = (split: readonly SplitEntry[]): readonly TablePredictor[] =>
    split.map(({ predictor, weight }) => ({ ...targetOf(predictor, "split"), weight }));
  const ruleOf = ({ name, conditions, percent, split }: RulePlan): TableRule => {
    return { name: asBytes(name), conditions: conditions.map(conditionOf), percent, predictors: splitOf(split) };
  };
  const shadowOf = ({ predictor, percent, conditions = [], beside = [], maxBodyBytes }: ShadowEntry): TableShadow => {
    const limit = maxBodyBytes === undefined ? {} : { maxBodyBytes: Math.min(maxBodyBytes, NO_BODY_LIMIT - 1) };
    return { ...targetOf(predictor, "shadow"), percent, conditions: conditions.map(conditionOf), beside, ...limit };
  };
  const { sticky, permits, deadline = {} } = plan;
  return {
    key: plan.key,
    ...(sticky?.salt === undefined ? {} : { salt: asBytes(sticky.salt) }),
    permits: { force: grantsOf(permits.force, callerNamespace), explain: grantsOf(permits.explain, callerNamespace) },
    stickyKeys: (sticky?.keys ?? []).map((key) => stickyKeyOf(key, plan)),
    predictors: splitOf(plan.split),
    rules: plan.rules.map(ruleOf),
    shadows: plan.shadows.map(shadowOf),
    ...(deadline.defaultMs === undefined ? {} : { defaultTimeoutMs: deadline.defaultMs }),
    ...(deadline.maxMs === undefined ? {} : { maxTimeoutMs: deadline.maxMs }),
  };
}
