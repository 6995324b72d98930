import { stdout } from "node:process";
import { ApiError } from "../control-plane/src/kubernetes-api/api-client.ts";
import { keyOf } from "../control-plane/src/kubernetes-api/object.ts";
import { ENVOY_FILTER, withCluster, type Reached } from "./istio/access.ts";
import { parseWords, UsageError } from "./words.ts";

const USAGE = `Usage: graphway uninstall --istio [options]

Takes Graphway's EnvoyFilters away: those with the label app.kubernetes.io/name=graphway that Helm does not manage. Turn
istio.filter.enabled off first, or clients can choose predictors by a header that nobody strips any more.

      --dry-run                 say what would be deleted
      --kubeconfig, --context   the cluster; without them as kubectl
      --namespace <ns>          only there; default: every namespace

Exit code: 0 gone, 1 the API server refused, 2 wrong usage.
`;

const OPTIONS = {
  istio: { type: "boolean", default: false },
  "dry-run": { type: "boolean", default: false },
  kubeconfig: { type: "string" },
  context: { type: "string" },
  namespace: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

interface Choice {
  readonly namespace?: string | undefined;
  readonly "dry-run": boolean;
}

/** Helm's own objects are Helm's to delete. */
const OURS = "app.kubernetes.io/name=graphway,app.kubernetes.io/managed-by!=Helm";

async function uninstall({ client }: Reached, choice: Choice): Promise<number> {
  const { namespace } = choice;
  const { items } = await client.list(ENVOY_FILTER, {
    ...(namespace === undefined ? {} : { namespace }),
    labelSelector: OURS,
  });
  for (const object of items) {
    const key = keyOf(object);
    if (!choice["dry-run"]) await client.delete(ENVOY_FILTER, key);
    stdout.write(`EnvoyFilter ${key.namespace}/${key.name} ${choice["dry-run"] ? "would go" : "deleted"}\n`);
  }
  if (items.length === 0) stdout.write("there are no EnvoyFilters of graphway install\n");
  return 0;
}

/** `graphway uninstall --istio`. */
export async function run(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(OPTIONS, words);
  if (values.help) {
    stdout.write(USAGE);
    return 0;
  }
  if (!values.istio || positionals.length > 0) throw new UsageError("write: uninstall --istio");
  try {
    return await withCluster(values, (reached) => uninstall(reached, values));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    process.stderr.write(`the API server refused: ${error.message}\n`);
    return 1;
  }
}
