import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { webhookConfiguration, type WebhookScope } from "./webhook-configuration.ts";

const target = { service: { namespace: "graphway", name: "graphway-webhook", port: 443 } };

function webhooks(scope: WebhookScope): readonly Readonly<Record<string, unknown>>[] {
  const { webhooks: list } = webhookConfiguration({ name: "graphway", scope, target });
  return list as readonly Readonly<Record<string, unknown>>[];
}

describe("the webhook's configuration", () => {
  it("is Seldon's for SeldonDeployments", () => {
    assert.deepEqual(webhooks({ kind: "cluster" })[0], {
      name: "v1.vseldondeployment.kb.io",
      admissionReviewVersions: ["v1"],
      clientConfig: {
        service: { ...target.service, path: "/validate-machinelearning-seldon-io-v1-seldondeployment" },
      },
      failurePolicy: "Fail",
      matchPolicy: "Equivalent",
      sideEffects: "None",
      timeoutSeconds: 10,
      rules: [
        {
          apiGroups: ["machinelearning.seldon.io"],
          apiVersions: ["v1"],
          operations: ["CREATE", "UPDATE"],
          resources: ["seldondeployments"],
          scope: "Namespaced",
        },
      ],
      namespaceSelector: { matchExpressions: [{ key: "seldon.io/controller-id", operator: "DoesNotExist" }] },
      objectSelector: { matchExpressions: [{ key: "seldon.io/controller-id", operator: "DoesNotExist" }] },
    });
  });

  it("selects what the control plane answers for", () => {
    const selectors = (scope: WebhookScope): object[] =>
      webhooks(scope).map(({ namespaceSelector, objectSelector }) => ({ namespaceSelector, objectSelector }));
    const controller = {
      namespaceSelector: undefined,
      objectSelector: { matchLabels: { "seldon.io/controller-id": "a" } },
    };
    assert.deepEqual(selectors({ kind: "controller", controllerId: "a" }), [controller, controller]);
    const namespace = {
      namespaceSelector: { matchLabels: { "seldon.io/controller-id": "ml" } },
      objectSelector: undefined,
    };
    assert.deepEqual(selectors({ kind: "namespace", namespace: "ml" }), [namespace, namespace]);
  });

  it("names a URL and trusts a bundle when it is given them", () => {
    const { webhooks: list } = webhookConfiguration({
      name: "graphway",
      scope: { kind: "cluster" },
      target: { url: "https://127.0.0.1:4443" },
      caBundle: "PEM\n",
    });
    const [, policies] = list as readonly { clientConfig: object }[];
    assert.deepEqual(policies?.clientConfig, {
      url: "https://127.0.0.1:4443/validate-graphway-dev-v1alpha1-routepolicy",
      caBundle: "UEVNCg==",
    });
  });
});
