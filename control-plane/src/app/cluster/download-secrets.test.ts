import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject, ObjectKey } from "../../kubernetes-api/object.ts";
import type { ResourceType } from "../../kubernetes-api/resource-types.ts";
import { createDownloadSecrets } from "./download-secrets.ts";

const OBJECTS: Readonly<Record<string, object>> = {
  "ServiceAccount/models/downloader": { secrets: [{ name: "s3" }, { name: "gone" }] },
  "Secret/models/s3": { data: { awsAccessKeyID: "c2VjcmV0" } },
};

function setUp() {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const state = { error: undefined as ApiError | undefined };
  const client = {
    get: ({ kind }: ResourceType, { namespace, name }: ObjectKey): Promise<KubernetesObject | undefined> => {
      asked.push(`${kind}/${namespace}/${name}`);
      if (state.error !== undefined) return Promise.reject(state.error);
      const found = OBJECTS[`${kind}/${namespace}/${name}`];
      const metadata = { name, namespace, annotations: { "machinelearning.seldon.io/s3-region": "eu" } };
      return Promise.resolve(found && { apiVersion: "v1", kind, metadata, ...found });
    },
  };
  const secrets = createDownloadSecrets({ client, nowMs: () => clock.nowMs });
  return { asked, clock, state, secrets };
}

describe("secrets for downloads", () => {
  const facts = {
    name: "s3",
    keys: ["awsAccessKeyID"],
    annotations: { "machinelearning.seldon.io/s3-region": "eu" },
  };

  it("are read when a plan asks, once a while, and hold no value", async () => {
    const { secrets, asked, clock } = setUp();
    const plan = () => secrets.planWith("models", (source) => source("downloader"));
    assert.deepEqual(await plan(), [facts]);
    assert.deepEqual(await plan(), [facts]);
    assert.equal(asked.length, 3);
    assert.deepEqual(secrets.known("models")("downloader"), [facts]);
    assert.deepEqual(secrets.known("other")("downloader"), []);
    clock.nowMs = 60_001;
    await plan();
    assert.equal(asked.length, 6);
  });

  it("are not asked for by a plan that needs none", async () => {
    const { secrets, asked } = setUp();
    assert.equal(await secrets.planWith("models", () => 1), 1);
    assert.deepEqual(asked, []);
  });

  it("are none where they may not be read, and unknown while nobody answers", async () => {
    const { secrets, state } = setUp();
    state.error = new ApiError(500, "InternalError", "broken");
    await assert.rejects(() => secrets.planWith("models", (source) => source("downloader")));
    state.error = new ApiError(403, "Forbidden", "no");
    assert.deepEqual(await secrets.planWith("models", (source) => source("downloader")), []);
  });
});
