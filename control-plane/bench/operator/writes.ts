import type { ApiClient } from "../../src/kubernetes-api/api-client.ts";
import type { OpenApiClient } from "../../src/kubernetes-api/create-api-client.ts";
import { RESOURCE } from "../../src/kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../../src/kubernetes-api/object.ts";

type Verb = "apply" | "create" | "replace" | "patch" | "delete";

/** One write that the control plane asked for. */
export interface RecordedWrite {
  readonly verb: Verb;
  readonly kind: string;
  readonly parameters: readonly unknown[];
  /** The SeldonDeployment that it is made for; none for events. */
  readonly owner: string | undefined;
  readonly endedMs: number;
}

const VERBS: readonly Verb[] = ["apply", "create", "replace", "patch", "delete"];

/** The client, and every write that it makes as soon as it is done. */
export function recording(client: OpenApiClient, onWrite: (write: RecordedWrite) => void): OpenApiClient {
  const recorded: Record<string, unknown> = { ...client };
  for (const verb of VERBS) {
    const method = methodOf(client, verb);
    recorded[verb] = async (...parameters: readonly unknown[]): Promise<unknown> => {
      const answer = await method(...parameters);
      const [type] = parameters as readonly [{ readonly kind: string }];
      const owner = ownerOf(type.kind, verb, parameters);
      onWrite({ verb, kind: type.kind, parameters, owner, endedMs: performance.now() });
      return answer;
    };
  }
  return recorded as unknown as OpenApiClient;
}

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

function methodOf(client: ApiClient, verb: Verb): Method {
  return (client as unknown as Readonly<Record<Verb, Method>>)[verb];
}

function ownerOf(kind: string, verb: Verb, [, object]: readonly unknown[]): string | undefined {
  if (kind === RESOURCE.event.kind) return undefined;
  if (verb !== "apply") return (object as { readonly name?: string }).name;
  return (object as KubernetesObject).metadata.ownerReferences?.[0]?.name ?? (object as KubernetesObject).metadata.name;
}

/** What a status says that is written, if it is one. */
export function stateIn({
  kind,
  parameters,
}: RecordedWrite): { readonly name: string; readonly state: string } | undefined {
  if (kind !== RESOURCE.seldonDeployment.kind) return undefined;
  const [, key, patch] = parameters as readonly [
    unknown,
    { readonly name: string },
    readonly { readonly value?: unknown }[],
  ];
  const { state } = (patch.at(-1)?.value ?? {}) as { readonly state?: string };
  return state === undefined ? undefined : { name: key.name, state };
}

/**
 * Makes the writes again, those for one SeldonDeployment in their order, and `concurrency` SeldonDeployments at a time;
 * events one by one beside them. How long it took.
 */
export async function replay(
  client: ApiClient,
  writes: readonly RecordedWrite[],
  concurrency: number,
): Promise<number> {
  const chains = Map.groupBy(writes, ({ owner }) => owner);
  const events = chains.get(undefined) ?? [];
  chains.delete(undefined);
  const left = [...chains.values()];
  const startedMs = performance.now();
  const makeAll = async (chain: readonly RecordedWrite[]): Promise<void> => {
    for (const { verb, parameters } of chain) await methodOf(client, verb)(...parameters);
  };
  const worker = async (): Promise<void> => {
    for (let chain = left.shift(); chain !== undefined; chain = left.shift()) await makeAll(chain);
  };
  const background = makeAll(events);
  await Promise.all(Array.from({ length: concurrency }, worker));
  const endedMs = performance.now();
  await background;
  return endedMs - startedMs;
}
