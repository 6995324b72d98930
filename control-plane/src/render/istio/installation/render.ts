import { problem, type Checked, type Problem } from "../../../problem/problem.ts";
import { renderFilterConfig, type FilterRole, type WasmSource } from "../../xds/filter-config.ts";
import type { JsonObject } from "../../xds/resource.ts";
import { envoyFilterName, tableName, type IstioInstallation } from "./options.ts";
import { addCluster, addFilter, addToRoutes, stripHeaders } from "./patches.ts";
import { envoyFilter, matches, scopesOf } from "./scope.ts";

/** Largest route table that istiod can hand out: in base64, with the filter's code, it must fit into one object. */
export const MAX_ISTIOD_TABLE_BYTES = 700_000;

function problemsOf({ controlPlane, sidecars, gateways }: IstioInstallation): readonly Problem[] {
  const found: Problem[] = [];
  const say = (path: string, message: string, hint: string): void => {
    found.push(problem("IstioInstallationInvalid", { path, message, hint }));
  };
  if (sidecars?.ports.includes(controlPlane.port))
    say(
      "sidecars.ports",
      `port ${String(controlPlane.port)} is the one where the filter is fetched: nothing may wait there for the filter`,
      "leave it out",
    );
  if (sidecars?.ports.length === 0)
    say("sidecars.ports", "no port of callers' sidecars gets the filter", "name the ports of predictors' Services");
  if (gateways === "none" && sidecars === undefined)
    say("gateways", "no proxy gets the filter", "install it into gateways, sidecars or both");
  return found;
}

/**
 * The EnvoyFilters of an installation: one per role of a proxy, which strips headers, adds the filter and the mirrors by
 * header, and our cluster where the mesh has none. Errors in the installation give no object at all.
 */
export function renderIstioInstallation(installation: IstioInstallation): Checked<readonly JsonObject[]> {
  const problems = problemsOf(installation);
  if (problems.length > 0) return { value: [], problems };
  const value = scopesOf(installation).map((scope) => {
    const patches = [
      ...addCluster(scope, installation),
      ...stripHeaders(scope),
      ...addFilter(scope, installation),
      ...addToRoutes(scope),
    ];
    return envoyFilter(installation, envoyFilterName(scope.role), scope, patches);
  });
  return { value, problems };
}

/**
 * The EnvoyFilter by which istiod hands out filter and table of a role, for an installation with `delivery: "istiod"`. It has to
 * be written anew with every new table. Undefined where nothing of that role is installed, or the table is too large.
 */
export function renderIstiodTable(
  installation: IstioInstallation,
  role: FilterRole,
  table: Uint8Array,
  wasm: WasmSource,
): Checked<JsonObject | undefined> {
  const scope = scopesOf(installation).find((one) => one.role === role);
  if (scope === undefined) return { value: undefined, problems: [] };
  if (table.byteLength > MAX_ISTIOD_TABLE_BYTES) {
    const message = `the route table of ${role} proxies has ${table.byteLength} bytes; istiod hands out at most ${MAX_ISTIOD_TABLE_BYTES}`;
    const hint = "let proxies fetch it from the control plane: graphway install --istio --via control-plane";
    return { value: undefined, problems: [problem("IstioTableTooLarge", { message, hint })] };
  }
  const [match] = matches({ ...scope, ports: [] });
  const { body } = renderFilterConfig(role, table, wasm);
  const patch = { applyTo: "EXTENSION_CONFIG", match: match ?? {}, patch: { operation: "ADD", value: body } };
  return { value: envoyFilter(installation, tableName(role), scope, [patch]), problems: [] };
}
