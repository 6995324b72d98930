import {
  HEADER_BRANCH,
  HEADER_CLUSTER,
  HEADER_DECISION,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_TIMEOUT_MS,
} from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { echo } from "./call-route.ts";
import type { JsonObject } from "./resource.ts";
import { cookieFilter, handedOnCookie } from "./set-cookie.ts";
import { TYPE } from "./type-urls.ts";

const KEEPER = "graphway.decisions";
const TIMER = "graphway.deadlines";

/** What the filter says that clients are told. What a route removes from a request it cannot read when it answers. */
const TOLD: readonly (readonly [header: string, stateKey: string])[] = [
  [HEADER_PREDICTOR, "graphway.predictor"],
  [HEADER_ROUTE, "graphway.route"],
  [HEADER_DECISION, "graphway.decision"],
];

/** Keeps what the filter decided until the answer. Off but for the routes that say so. */
const DECISION_FILTER: JsonObject = {
  name: KEEPER,
  typed_config: {
    "@type": TYPE.setFilterState,
    on_request_headers: TOLD.map(([header, key]) => ({
      object_key: key,
      factory_key: "envoy.string",
      format_string: { text_format_source: { inline_string: `%REQ(${header})%` }, omit_empty_values: true },
      skip_if_empty: true,
    })),
  },
  disabled: true,
};

/**
 * Makes the deadline of a request, as our filter wrote it, Envoy's own: nobody behind a route to a model reads it. What is no
 * number Envoy leaves aside. Off but for the routes that say so.
 */
const DEADLINE_FILTER: JsonObject = {
  name: TIMER,
  typed_config: {
    "@type": TYPE.headerMutation,
    mutations: {
      request_mutations: [
        {
          append: {
            header: { key: "x-envoy-upstream-rq-timeout-ms", value: `%REQ(${HEADER_TIMEOUT_MS})%` },
            append_action: "OVERWRITE_IF_EXISTS_OR_ADD",
          },
        },
      ],
    },
  },
  disabled: true,
};

/** To stand behind our filter. */
export const MODEL_FILTERS: readonly JsonObject[] = [DECISION_FILTER, DEADLINE_FILTER];

/** Headers of ours that an orchestrator obeys or nobody does: none is for a model. */
const NOT_FOR_MODELS: readonly string[] = [
  ...TOLD.map(([header]) => header),
  HEADER_CLUSTER,
  HEADER_BRANCH,
  HEADER_TIMEOUT_MS,
];

/** No orchestrator stands before its models: they get what routes send. */
export function isBare({ predictors }: DeploymentPlan): boolean {
  return predictors.every((one) => one.orchestrator === "none");
}

function switchedOn(names: readonly string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, { "@type": TYPE.routeFilterConfig, config: {} }]));
}

/** Filters that a route has switched on. The route that a request meets first says it: all of a deployment must. */
export function routeFilters(plan: DeploymentPlan, toModel: boolean): JsonObject {
  const names = [KEEPER, ...(plan.deadline === undefined ? [] : [TIMER])];
  const filters = { ...cookieFilter(plan), ...(toModel ? switchedOn(names) : {}) };
  return Object.keys(filters).length === 0 ? {} : { typed_per_filter_config: filters };
}

/** Headers that a decided route takes from the request and gives to the answer. Envoy adds none for what is absent. */
export function handedOn(
  plan: DeploymentPlan,
  toModel: boolean,
): { readonly removed: readonly string[]; readonly added: readonly JsonObject[] } {
  const cookie = handedOnCookie(plan);
  if (!toModel) return cookie;
  const told = TOLD.map(([header, key]) => echo(header, `%FILTER_STATE(${key}:PLAIN)%`));
  return { removed: [...cookie.removed, ...NOT_FOR_MODELS], added: [...told, ...cookie.added] };
}

/** Headers that a route takes from requests that the filter did not decide on. */
export function unread(toModel: boolean): readonly string[] {
  return toModel ? [HEADER_TIMEOUT_MS] : [];
}
