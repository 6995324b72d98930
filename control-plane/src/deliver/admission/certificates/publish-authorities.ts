import type { ApiClient } from "../../../kubernetes-api/api-client.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { WEBHOOK_NAMES } from "../kinds.ts";
import { encodeBundle } from "../webhook-configuration.ts";

/** Owner of `caBundle` in the configuration. */
const FIELD_MANAGER = "graphway-certificates";

/**
 * Writes the authorities into the webhook's configuration, and nothing else of it. Throws when there is no
 * configuration.
 */
export async function publishAuthorities(
  { api, configuration }: { readonly api: ApiClient; readonly configuration: string },
  authorities: string,
): Promise<void> {
  const type = RESOURCE.validatingWebhookConfiguration;
  const found = await api.get(type, { namespace: "", name: configuration });
  if (found === undefined) throw new Error(`there is no ValidatingWebhookConfiguration ${configuration}`);
  const caBundle = encodeBundle(authorities);
  const webhooks = webhooksOf(found["webhooks"]);
  if (webhooks.every((one) => one.caBundle === caBundle)) return;
  await api.apply(
    type,
    {
      apiVersion: type.apiVersion,
      kind: type.kind,
      metadata: { name: configuration },
      webhooks: webhooks.map(({ name }) => ({ name, clientConfig: { caBundle } })),
    },
    { fieldManager: FIELD_MANAGER },
  );
}

interface Webhook {
  readonly name: string;
  readonly caBundle?: unknown;
}

/** Ours of the webhooks that the configuration has. */
function webhooksOf(value: unknown): readonly Webhook[] {
  const ours: readonly string[] = Object.values(WEBHOOK_NAMES);
  if (!Array.isArray(value)) return [];
  return (value as readonly { name?: unknown; clientConfig?: { caBundle?: unknown } }[]).flatMap((one) =>
    typeof one.name === "string" && ours.includes(one.name)
      ? [{ name: one.name, caBundle: one.clientConfig?.caBundle }]
      : [],
  );
}
