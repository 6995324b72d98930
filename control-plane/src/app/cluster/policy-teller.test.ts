import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ApiError } from "../../kubernetes-api/api-client.ts";
import type { OpenApiClient } from "../../kubernetes-api/create-api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import type { PolicyStatus } from "./policy-status.ts";
import { createPolicyTeller } from "./policy-teller.ts";

const NAMESPACE = "models";

describe("a policy teller", () => {
  let api: FakeApiServer;
  let client: OpenApiClient;
  before(async () => {
    api = await startFakeApiServer();
    client = api.client();
  });
  after(() => api.stop());

  function make(name: string): KubernetesObject {
    const { apiVersion, kind } = RESOURCE.routePolicy;
    const spec = { targetRef: { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "rose" } };
    return api.objects.put(RESOURCE.routePolicy, { apiVersion, kind, metadata: { namespace: NAMESPACE, name }, spec });
  }

  function newest(name: string): KubernetesObject {
    return api.objects.get(RESOURCE.routePolicy, { namespace: NAMESPACE, name }) ?? assert.fail(`${name} is gone`);
  }

  /** Who said something in its status. */
  function speakers(name: string): readonly string[] {
    const { ancestors = [] } = (newest(name)["status"] ?? {}) as Partial<PolicyStatus>;
    return ancestors.map(({ controllerName }) => controllerName);
  }

  /** What a control plane with this id says; resolves with how often it was written. */
  async function tell(controllerId: string, policy: KubernetesObject): Promise<number> {
    let written = 0;
    const onWritten = (): void => {
      written++;
    };
    const teller = createPolicyTeller({ client, controllerId, clock: { nowMs: () => 0 }, onWritten });
    await teller([policy], "absent");
    return written;
  }

  it("writes nothing over what another said meanwhile, without a word, and says its own beside it afterwards", async () => {
    const read = make("shared");
    assert.equal(await tell("", read), 1);
    assert.equal(await tell("blue", read), 0);
    assert.deepEqual(speakers("shared"), ["graphway.dev/control-plane"]);
    assert.equal(await tell("blue", newest("shared")), 1);
    assert.deepEqual(speakers("shared"), ["graphway.dev/control-plane", "graphway.dev/control-plane-blue"]);
    assert.equal(await tell("", newest("shared")), 0);
  });

  it("takes nobody's word away where the list is full", async () => {
    const others = Array.from({ length: 16 }, (_, index) => ({
      ancestorRef: { name: "edge" },
      controllerName: `example.com/gateway-${index}`,
      conditions: [],
    }));
    const full = { ...make("full"), status: { ancestors: others } };
    const read = api.objects.replace(RESOURCE.routePolicy, full, "status");
    assert.equal(await tell("", read), 0);
    assert.deepEqual(newest("full"), read);
  });

  it("is quiet about a policy that is gone", async () => {
    const read = make("short");
    api.objects.delete(RESOURCE.routePolicy, { namespace: NAMESPACE, name: "short" });
    assert.equal(await tell("", read), 0);
  });

  it("passes on what the server will not have", async () => {
    const read = make("bad");
    api.fail({ verb: "patch", status: 422, reason: "Invalid" });
    await assert.rejects(tell("", read), (error) => error instanceof ApiError && error.status === 422);
  });
});
