import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ApiError } from "../../kubernetes-api/api-client.ts";
import type { OpenApiClient } from "../../kubernetes-api/create-api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import { writeStatus } from "./status-writer.ts";

const STATUS = { state: "Creating", observedGeneration: 1, conditions: [] } as const;

describe("a status is written", () => {
  let api: FakeApiServer;
  let client: OpenApiClient;
  before(async () => {
    api = await startFakeApiServer();
    client = api.client();
  });
  after(() => api.stop());

  function make(name: string): KubernetesObject {
    const { apiVersion, kind } = RESOURCE.seldonDeployment;
    const metadata = { namespace: "models", name };
    return api.objects.put(RESOURCE.seldonDeployment, { apiVersion, kind, metadata, spec: { predictors: [] } });
  }

  it("as a whole, and once", async () => {
    const written = await writeStatus(client, make("one"), STATUS);
    assert.deepEqual(written?.["status"], STATUS);
    assert.equal(await writeStatus(client, written, STATUS), undefined);
  });

  it("of nobody who is gone, nor of another by that name, without a word", async () => {
    const read = make("short");
    api.objects.delete(RESOURCE.seldonDeployment, { namespace: "models", name: "short" });
    assert.equal(await writeStatus(client, read, STATUS), undefined);
    const another = make("short");
    assert.equal(await writeStatus(client, read, STATUS), undefined);
    assert.deepEqual(api.objects.get(RESOURCE.seldonDeployment, { namespace: "models", name: "short" }), another);
  });

  it("or it is said why not", async () => {
    api.fail({ verb: "patch", status: 403, reason: "Forbidden" });
    await assert.rejects(writeStatus(client, make("bad"), STATUS), (error) => error instanceof ApiError);
  });
});
