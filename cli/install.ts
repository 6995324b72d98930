import { stdout } from "node:process";
import { dump } from "js-yaml";
import { ApiError } from "../control-plane/src/kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../control-plane/src/kubernetes-api/object.ts";
import { readFilterCode } from "../control-plane/src/app/cluster/gateway/filter-code.ts";
import { hasErrors, type Checked } from "../control-plane/src/problem/problem.ts";
import {
  DEFAULT_ISTIO_INSTALLATION,
  type IstioInstallation,
} from "../control-plane/src/render/istio/installation/options.ts";
import { renderIstioInstallation } from "../control-plane/src/render/istio/installation/render.ts";
import type { JsonObject } from "../control-plane/src/render/xds/resource.ts";
import type { VersionVerdict } from "../control-plane/src/render/istio/installation/versions.ts";
import { ENVOY_FILTER, withCluster, type Reached } from "./istio/access.ts";
import {
  INSTALL_OPTIONS,
  readControlPlane,
  readDelivery,
  readGateways,
  readReach,
  readSidecars,
} from "./istio/choices.ts";
import { renderIstiodTables } from "./istio/istiod-tables.ts";
import type { Mesh } from "./istio/mesh.ts";
import {
  chooseControlPlane,
  chooseMesh,
  chooseReach,
  isInMesh,
  warnOfReach,
  chooseVersion,
} from "./istio/plan-install.ts";
import { askIstiod, howToLook, type Istiod, type Proxy } from "./istio/proxies.ts";
import { verifyInstallation, type Verification } from "./istio/verify.ts";
import { formatProblems } from "./problem-list.ts";
import { readPlans } from "./read-plans.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway install --istio [options]

Brings Graphway's filter into the proxies of an Istio mesh, by EnvoyFilters. Says what it found and chose, and looks whether
istiod hands it out. docs/istio.md says what happens when parts are away.

      --dry-run                 print the objects (-o yaml or json) and write nothing
      --kubeconfig, --context   the cluster; without them as kubectl
      --istio-namespace <ns>    of istiod, where there are several
      --istio-version <v>       where nothing in the cluster says it
      --namespace <ns>          of the EnvoyFilters; default: the mesh's root namespace, where they hold for all
      --control-plane <where>   its namespace, or host:port of its xDS Service; default: the Service graphway-xds
      --via istiod -f <path>    istiod hands the filter out, with a table of these manifests: for proxies that can't reach the
                            control plane. Written anew by whoever changes a deployment; tables up to 700 kB
      --reach mesh|cluster      by the mesh's cluster of that Service (mTLS where it has), or by one of our own
      --ca-file <pem>           that cluster speaks TLS, and this file's certificates vouch for the control plane
      --gateways <which>        all (default), none, or labels: istio=ingressgateway
      --sidecars                sidecars of callers and of predictors too
      --port <port>             ports of callers' sidecars; default: 8000 and 5001; may be given more than once
      --timeout <seconds>       how long to wait until proxies are told; default 30, 0 does not look
      --force                   go on with an Istio that is too old or says no version

Exit code: 0 installed and seen in a proxy (or printed), 1 refused, or not seen everywhere, 2 wrong usage.
`;

const FIELD_MANAGER = "graphway";

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

type Values = ReturnType<typeof parseInstall>["values"];

function parseInstall(words: readonly string[]) {
  return parseWords(INSTALL_OPTIONS, words);
}

/** Whether to go on with that version. */
function accept(verdict: VersionVerdict, because: string, force: boolean): boolean {
  switch (verdict.kind) {
    case "supported":
      say(`Istio ${verdict.version} (${because})`);
      return true;
    case "untried":
      say(`warning: ${verdict.message} (${because})`);
      return true;
    case "refused":
    case "unknown":
      say(`${force ? "warning" : "refused"}: ${verdict.message} (${because})`);
      if (!force)
        say(verdict.kind === "refused" ? "  upgrade Istio, or --force" : "  say it by --istio-version, or --force");
      return force;
  }
}

async function proxiesOf(istiod: Istiod): Promise<readonly Proxy[]> {
  return istiod.proxies().catch((error: unknown) => {
    say(`warning: istiod can't be asked about its proxies: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  });
}

async function decide({ client }: Reached, values: Values, mesh: Mesh): Promise<IstioInstallation> {
  const namespace = values.namespace ?? mesh.rootNamespace;
  const where =
    namespace === mesh.rootNamespace ? "root namespace: for proxies of all namespaces" : "for its own proxies";
  say(`EnvoyFilters in ${namespace} (${where})`);
  if (mesh.hasDefaultRetries)
    say(
      "warning: this mesh tries calls again that no route speaks of, feedback between nodes too: " +
        "set meshConfig.defaultHttpRetryPolicy: {attempts: 0}",
    );
  const delivery = readDelivery(values.via, values.file);
  return {
    ...DEFAULT_ISTIO_INSTALLATION,
    namespace,
    delivery,
    ...(delivery === "ecds" ? await decideSource(client, values, mesh) : {}),
    gateways: readGateways(values.gateways),
    ...readSidecars(values.sidecars, values.port),
  };
}

async function decideSource(
  client: Reached["client"],
  values: Values,
  mesh: Mesh,
): Promise<Pick<IstioInstallation, "reach" | "controlPlane">> {
  const given = await readReach(values.reach, values["ca-file"]);
  const controlPlane = await chooseControlPlane(client, readControlPlane(values["control-plane"]));
  const inMesh = await isInMesh(client, controlPlane.value);
  const reach = chooseReach(mesh, inMesh, given);
  say("delivery by ECDS straight from the control plane: no image to pull, no push of istiod per change");
  say(`fetched from ${controlPlane.value.host}:${controlPlane.value.port} (${controlPlane.because})`);
  say(`reached by ${reach.value.by === "mesh" ? "the mesh's cluster" : "a cluster of its own"} (${reach.because})`);
  const warning = warnOfReach(mesh, inMesh, reach.value);
  if (warning !== undefined) say(`warning: ${warning}`);
  return { reach: reach.value, controlPlane: controlPlane.value };
}

/** Everything to write; tables first, so that proxies that ask for one find it. */
async function render(
  installation: IstioInstallation,
  files: readonly string[],
): Promise<Checked<readonly JsonObject[]>> {
  const filters = renderIstioInstallation(installation);
  if (installation.delivery === "ecds") return filters;
  const plans = await readPlans(files);
  const tables = renderIstiodTables(installation, plans.value, readFilterCode());
  say(`delivery by istiod: a table of ${plans.value.length} deployments, to be written anew when one changes`);
  return {
    value: [...tables.value, ...filters.value],
    problems: [...plans.problems, ...tables.problems, ...filters.problems],
  };
}

function report({ complete, partial, refused, old }: Verification): number {
  for (const proxy of complete) say(`${proxy}: told and taken in`);
  for (const { proxy, missing } of partial)
    say(`${proxy}: istiod dropped ${missing.join(", ")}; graphway uninstall --istio`);
  for (const proxy of refused) say(`${proxy}: was told, and has not taken it in; its log says why`);
  for (const proxy of old) say(`${proxy}: is older than Istio 1.28 and gets nothing`);
  if (complete.length + partial.length + refused.length === 0)
    say("no proxy that is connected was told; do --gateways and --namespace mean the right ones?");
  return complete.length > 0 && partial.length === 0 && refused.length === 0 ? 0 : 1;
}

async function verify(istiod: Istiod, installation: IstioInstallation, mesh: Mesh, timeoutMs: number): Promise<number> {
  if (timeoutMs === 0) {
    say(`not looked at; by hand: ${howToLook()}`);
    return 0;
  }
  try {
    return report(await verifyInstallation(istiod, installation, mesh, timeoutMs));
  } catch (error) {
    say(`written, but not verified: ${error instanceof Error ? error.message : String(error)}`);
    say(`  by hand: ${howToLook()}`);
    return 1;
  }
}

async function install(reached: Reached, values: Values): Promise<number> {
  const mesh = await chooseMesh(reached.client, values["istio-namespace"]);
  say(`istiod in ${mesh.namespace}, ${mesh.pods.length} ready`);
  const istiod = askIstiod(reached.access, mesh);
  const proxies = await proxiesOf(istiod);
  const version = await chooseVersion(mesh, istiod, proxies, values["istio-version"]);
  if (!accept(version.value, version.because, values.force)) return 1;
  const installation = await decide(reached, values, mesh);
  const { value: objects, problems } = await render(installation, values.file ?? []);
  if (problems.length > 0) process.stderr.write(`${formatProblems(problems, process.stderr.columns)}\n`);
  if (hasErrors(problems)) return 1;
  if (values["dry-run"]) {
    const text = objects.map((one) =>
      values.output === "json" ? JSON.stringify(one) : dump(one, { lineWidth: 120, noRefs: true }),
    );
    stdout.write(values.output === "json" ? `${text.join("\n")}\n` : text.join("---\n"));
    return 0;
  }
  for (const object of objects as readonly unknown[] as readonly KubernetesObject[]) {
    await reached.client.apply(ENVOY_FILTER, object, { fieldManager: FIELD_MANAGER, force: true });
    say(`EnvoyFilter ${object.metadata.namespace ?? ""}/${object.metadata.name} written`);
  }
  const code = await verify(istiod, installation, mesh, Number(values.timeout) * 1000);
  if (code === 0)
    say(
      "now let routes follow the filter: helm upgrade … --set istio.filter.enabled=true --set istio.filter.create=false",
    );
  return code;
}

/** `graphway install --istio`. */
export async function run(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseInstall(words);
  if (values.help) {
    stdout.write(USAGE);
    return 0;
  }
  if (!values.istio || positionals.length > 0)
    throw new UsageError(
      "write: install --istio; the control plane itself is installed by its Helm chart (docs/install.md)",
    );
  if (values.output !== "yaml" && values.output !== "json") throw new UsageError("--output is yaml or json");
  if (!/^\d{1,5}$/.test(values.timeout)) throw new UsageError("--timeout is a number of seconds");
  try {
    return await withCluster(values, (reached) => install(reached, values));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(`the API server refused: ${error.message}`);
    return 1;
  }
}
