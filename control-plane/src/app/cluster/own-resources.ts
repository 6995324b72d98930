import { FIELD_MANAGER } from "../../deliver/rollout/managed-fields.ts";
import { webhookConfiguration, type WebhookScope } from "../../deliver/admission/webhook-configuration.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { CUSTOM_RESOURCE_DEFINITIONS } from "../../model/schema/crd/definitions.ts";
import type { ReportError } from "./report-error.ts";
import type { ClusterSettings } from "./settings/cluster-settings.ts";

type OwnSettings = Pick<ClusterSettings, "webhook" | "ownNamespace" | "namespace" | "controllerId">;

/** How long an API server may take to serve a kind that it has just been told of. */
const ESTABLISH_MS = 10_000;
/** The Service's port of the webhook. */
const WEBHOOK_SERVICE_PORT = 443;

/** Writes the CustomResourceDefinitions and the webhook's configuration. Throws what the API server said. */
export async function createOwnResources(client: Pick<ApiClient, "apply">, settings: OwnSettings): Promise<void> {
  const options = { fieldManager: FIELD_MANAGER, force: true };
  for (const definition of CUSTOM_RESOURCE_DEFINITIONS)
    await client.apply(RESOURCE.customResourceDefinition, definition, options);
  const { webhook, ownNamespace } = settings;
  if (webhook === undefined) return;
  const configuration = webhookConfiguration({
    name: webhook.configuration,
    scope: scopeOf(settings),
    target: { service: { namespace: ownNamespace, name: webhook.service, port: WEBHOOK_SERVICE_PORT } },
  });
  await client.apply(RESOURCE.validatingWebhookConfiguration, configuration, options);
}

/** A control plane that may not write them goes on with those that are there. */
export async function bringOwnResources(
  client: Pick<ApiClient, "apply" | "serves">,
  settings: OwnSettings,
  reportError: ReportError,
): Promise<void> {
  try {
    await createOwnResources(client, settings);
    const deadlineMs = performance.now() + ESTABLISH_MS;
    while (performance.now() < deadlineMs && !(await client.serves(RESOURCE.seldonDeployment)))
      await new Promise((resolve) => setTimeout(resolve, 200));
  } catch (error) {
    reportError("writing CustomResourceDefinitions and the webhook's configuration", error);
  }
}

/** As Seldon's Helm chart has it. */
function scopeOf({ namespace, controllerId }: OwnSettings): WebhookScope {
  if (namespace !== undefined) return { kind: "namespace", namespace };
  return controllerId === "" ? { kind: "cluster" } : { kind: "controller", controllerId };
}
