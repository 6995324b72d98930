import { HEADER_SET_COOKIE } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { JsonObject } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

const FILTER_NAME = "graphway.cookies";
const STATE_KEY = "graphway.set_cookie";

/**
 * Keeps the cookie that our filter gives out until the answer: its header must not reach a model, and what a route
 * removes from a request it cannot read when it answers. Off but for the routes that say so.
 */
export const COOKIE_FILTER: JsonObject = {
  name: FILTER_NAME,
  typed_config: {
    "@type": TYPE.setFilterState,
    on_request_headers: [
      {
        object_key: STATE_KEY,
        factory_key: "envoy.string",
        format_string: {
          text_format_source: { inline_string: `%REQ(${HEADER_SET_COOKIE})%` },
          omit_empty_values: true,
        },
        skip_if_empty: true,
      },
    ],
  },
  disabled: true,
};

/** Whether the filter may give clients of this deployment a cookie. */
function issuesCookies(plan: DeploymentPlan): boolean {
  return plan.sticky?.keys.some((key) => key.kind === "cookie" && key.issue !== undefined) === true;
}

/** The filter, where a route of this deployment has it switched on. */
export function cookieFilter(plan: DeploymentPlan): JsonObject {
  if (!issuesCookies(plan)) return {};
  return { [FILTER_NAME]: { "@type": TYPE.routeFilterConfig, config: {} } };
}

/** Headers that a decided route takes from the request and gives to the answer. Envoy adds none for a cookie that is absent. */
export function handedOnCookie(plan: DeploymentPlan): {
  readonly removed: readonly string[];
  readonly added: readonly JsonObject[];
} {
  if (!issuesCookies(plan)) return { removed: [], added: [] };
  const header = { key: "set-cookie", value: `%FILTER_STATE(${STATE_KEY}:PLAIN)%` };
  return { removed: [HEADER_SET_COOKIE], added: [{ header, append_action: "APPEND_IF_EXISTS_OR_ADD" }] };
}
