import type {
  ClaimGrant,
  CookieTerms,
  Deadline,
  Ejection,
  Limits,
  Match,
  NamedTest,
  PathTest,
  Permission,
  PermissionGrant,
  Retries,
  RetryBudget,
  RoutePolicySpec,
  Rule,
  Shadow,
  Share,
  Sticky,
  StickyPart,
  TargetRef,
} from "../route-policy.ts";
import type { FieldTexts } from "./json-schema.ts";

/** What `kubectl explain` and the documentation say about the fields of a RoutePolicy. */
export const POLICY_TEXTS: FieldTexts<RoutePolicySpec> = {
  targetRef: "The SeldonDeployment, in the policy's own namespace.",
  sticky: "What keeps a client on its predictor. Absent: the id of each request decides.",
  rules:
    "Asked in order; the first that takes a request decides who answers it. Without one the deployment's own split does.",
  shadows: "Who gets copies of requests; answers to copies are dropped. Feedback is never copied.",
  retries: "When a failed call is tried again, instead of what annotations say. Feedback never is.",
  deadline: "How long a request may take, all tries together.",
  fallback: "Predictors that answer, in this order, for one of which no pod can. Absent: nobody does.",
  limits: "What each Envoy lets through to the deployment at most; they do not know of one another.",
  ejection: "A pod that fails so often in a row gets no requests for a while. Absent: none is ejected.",
  bypass:
    "True: predictions and feedback go straight to the model, past the orchestrator, where every predictor is one model. Default false.",
  force: "Who may choose predictor and branches by x-graphway-force. Absent: nobody.",
  explain: "Who may ask by x-graphway-explain why it got its predictor. Absent: nobody.",
};

export const TARGET_TEXTS: FieldTexts<TargetRef> = {
  group: "machinelearning.seldon.io",
  kind: "SeldonDeployment",
  name: "The deployment's name.",
};

export const STICKY_TEXTS: FieldTexts<Sticky> = {
  header: "A header, or gRPC metadata. Short for keys with this one.",
  cookie: "A cookie. Short for keys with this one.",
  query: "A query parameter. Short for keys with this one.",
  keys: "Several, of which the first that a request carries counts; without any the request's id does.",
  salt: "Deployments that say the same send a client to predictors of the same name, as far as their weights are the same. Absent: no two deployments' choices correlate.",
};

export const STICKY_PART_TEXTS: FieldTexts<StickyPart> = {
  header: "A header, or gRPC metadata.",
  cookie: "A cookie.",
  query: "A query parameter.",
  issue: "REST clients that have no key get this cookie, with a random value. For one key only.",
};

export const COOKIE_TERMS_TEXTS: FieldTexts<CookieTerms> = {
  maxAgeSeconds: "How long it is kept. Absent: until the browser closes.",
  path: "Where it is sent. Default: the deployment's own path.",
  secure: "True: over HTTPS only. Default false.",
  sameSite: "Lax, Strict or None; None needs secure. Default Lax.",
};

export const RULE_TEXTS: FieldTexts<Rule> = {
  name: "Unique; shown in decisions. Default: rule- and its number, from 1.",
  match: "What a request must have, all of it. Absent: nothing.",
  percent:
    "Share of the matching requests, by their sticky key, that the rule takes; the others go on to the next. Default 100.",
  predictor: "Who answers.",
  split: "Between whom they are split; instead of predictor.",
};

export const SHARE_TEXTS: FieldTexts<Share> = {
  predictor: "A predictor that is no shadow.",
  weight: "Its share, relative to the sum of all weights. 0: none.",
};

export const MATCH_TEXTS: FieldTexts<Match> = {
  headers: "Headers, or gRPC metadata. Of a header that stands more than once the first counts.",
  cookies: "Cookies.",
  query: "Query parameters, decoded.",
  method: "The HTTP method, such as POST.",
  path: "The path after /seldon/<namespace>/<name>/, without the query; of gRPC package.Service/Method.",
  transport: "rest or grpc.",
};

export const TEST_TEXTS: FieldTexts<NamedTest> = {
  name: "Letter case counts, but for headers.",
  exact: "It is there, with exactly this value. What is there with an empty value is there.",
  prefix: "It is there, and its value begins like this.",
  suffix: "It is there, and its value ends like this.",
  contains: "It is there, and its value has this in it.",
  present: "True: it is there, whatever its value; false: it is not.",
};

export const PATH_TEST_TEXTS: FieldTexts<PathTest> = {
  exact: "It is exactly this.",
  prefix: "It begins like this.",
  suffix: "It ends like this.",
  contains: "It has this in it.",
};

export const SHADOW_TEXTS: FieldTexts<Shadow> = {
  predictor:
    "Who gets the copies: one with shadow: true, whose entry this refines, or one that has traffic of its own.",
  percent:
    "Share of the requests, by their id. Default: what the predictor's own traffic says if it has shadow: true, else 100.",
  match: "Only requests that have all of this.",
  beside: "Only requests that one of these predictors answers. Absent: whoever does.",
  maxBodyBytes: "No copy of a body that is larger, or of unknown length. Absent: of any.",
};

export const RETRIES_TEXTS: FieldTexts<Retries> = {
  attempts: "Tries after the first. 0: none, not even of calls that no model can have seen.",
  perTryTimeoutMs: "How long one try may take. Absent: as long as the request.",
  http: "Failures after which a call is tried again; Envoy's names. Default: gateway-error, connect-failure and refused-stream.",
  grpc: "Statuses after which a gRPC call is tried again beyond those; Envoy's names. Default: unavailable.",
  statuses: "HTTP statuses that are tried again beyond these.",
  budget: "How many retries may be in flight. Absent: the default of who routes.",
};

export const BUDGET_TEXTS: FieldTexts<RetryBudget> = {
  percent: "Of the requests in flight to a predictor.",
  minConcurrency: "So many retries may be in flight in any case. Default 3.",
};

export const DEADLINE_TEXTS: FieldTexts<Deadline> = {
  defaultMs: "For a client that asks for none. Absent: no limit.",
  maxMs:
    "A client that asks for more gets this, and one that asks for none too unless defaultMs says less. Absent: what it asks for.",
};

export const LIMITS_TEXTS: FieldTexts<Limits> = {
  requestsPerSecond: "REST and gRPC requests in a second; more are answered with 429, or RESOURCE_EXHAUSTED.",
  burst: "Requests that may come at once on top of a steady stream. Default: as many as in a second.",
  concurrency: "Requests in flight to one predictor; more are answered with 503, or UNAVAILABLE.",
};

export const EJECTION_TEXTS: FieldTexts<Ejection> = {
  consecutiveErrors: "Answers with 5xx, or none, in a row. Default 5.",
  ejectMs: "How long the first time; longer each time after it. Default 30000.",
  maxPercent: "Share of a predictor's pods that may be out at once. Default 50.",
};

export const PERMISSION_TEXTS: FieldTexts<Permission> = {
  allow: "True: everybody may; false: nobody.",
  grants: "Who may; one of them is enough. Instead of allow.",
};

export const GRANT_TEXTS: FieldTexts<PermissionGrant> = {
  secretSha256:
    "Who sends the secret in x-graphway-secret. Here stands only its SHA-256, as 64 lower-case hexadecimal digits.",
  claim: "Who has this header, which a JWT filter before ours sets from a verified claim and takes from everyone else.",
  namespace: "Callers in this namespace of the mesh; only their own sidecars can say so.",
};

export const CLAIM_TEXTS: FieldTexts<ClaimGrant> = {
  header: "The header that the JWT filter sets.",
  value: "Its whole value.",
};
