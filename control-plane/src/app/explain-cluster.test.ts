import assert from "node:assert/strict";
import { after, test } from "node:test";
import { RESOURCE } from "../kubernetes-api/resource-types.ts";
import { startFakeApiServer } from "../kubernetes-api/tests/fake-api-server.ts";
import { findLiveDeployments, planLiveDeployment } from "./explain-cluster.ts";

const KEY = { namespace: "models", name: "iris" };
const TAKES_OVER = { "seldon.io/ambassador-service-name": "iris", "seldon.io/ambassador-header": "city: london" };
const api = await startFakeApiServer();
const client = api.client();
after(() => api.stop());

function create(name: string, annotations: Readonly<Record<string, string>> = {}) {
  return client.create(RESOURCE.seldonDeployment, {
    apiVersion: RESOURCE.seldonDeployment.apiVersion,
    kind: "SeldonDeployment",
    metadata: { ...KEY, name, annotations },
    spec: { predictors: [{ name: "main", graph: { name: "m", implementation: "SIMPLE_MODEL" } }] },
  });
}

test("a live deployment is planned with the policy that targets it, and with no other", async () => {
  assert.deepEqual((await planLiveDeployment(client, KEY)).value, []);
  await create("iris");
  for (const [name, target, header] of [
    ["a", "iris", "x-user"],
    ["b", "other", "x-other"],
  ] as const)
    await client.create(RESOURCE.routePolicy, {
      apiVersion: RESOURCE.routePolicy.apiVersion,
      kind: "RoutePolicy",
      metadata: { namespace: KEY.namespace, name },
      spec: {
        targetRef: { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: target },
        sticky: { header },
      },
    });
  const { value } = await planLiveDeployment(client, KEY);
  assert.deepEqual(value[0]?.sticky?.keys, [{ kind: "header", name: "x-user" }]);
});

test("a live deployment is planned with those that answer some of its requests, and with no other", async () => {
  await create("other");
  await create("london", TAKES_OVER);
  await create("paris", { ...TAKES_OVER, "seldon.io/ambassador-service-name": "other" });
  const { value } = await planLiveDeployment(client, KEY);
  assert.deepEqual(value.map(({ key }) => key).toSorted(), ["models/iris", "models/london"]);
  assert.deepEqual((await planLiveDeployment(client, { ...KEY, name: "nobody" })).value, []);
});

test("a live deployment is found by its name", async () => {
  assert.deepEqual(await findLiveDeployments(client, "iris"), ["models/iris"]);
  assert.deepEqual(await findLiveDeployments(client, "none"), []);
});
