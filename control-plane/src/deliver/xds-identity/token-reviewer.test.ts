import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiUnreachable } from "../../kubernetes-api/api-client.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { createTokenReviewer, type TokenReviewerOptions } from "./token-reviewer.ts";

interface Review {
  readonly token: string;
  readonly audiences: readonly string[];
}

/** An API server that knows one token of one pod. */
function reviewer(status: object, options: Partial<TokenReviewerOptions> = {}) {
  const asked: Review[] = [];
  const clock = { nowMs: 0 };
  const client = {
    create: (_: unknown, object: KubernetesObject): Promise<KubernetesObject> => {
      asked.push(object["spec"] as Review);
      return Promise.resolve({ ...object, status });
    },
  };
  const review = createTokenReviewer({ client, audience: "graphway", nowMs: () => clock.nowMs, ...options });
  return { review, asked, clock };
}

const GOOD = {
  authenticated: true,
  audiences: ["graphway"],
  user: {
    username: "system:serviceaccount:models:default",
    extra: { "authentication.kubernetes.io/pod-name": ["iris-main-0-classifier-6d5f-abcde"] },
  },
};

describe("whose a token is", () => {
  it("is what the API server says", async () => {
    const { review, asked } = reviewer(GOOD);
    assert.deepEqual(await review("t"), {
      namespace: "models",
      name: "default",
      pod: "iris-main-0-classifier-6d5f-abcde",
    });
    assert.deepEqual(asked, [{ token: "t", audiences: ["graphway"] }]);
  });

  for (const [why, status] of [
    ["it is not valid", { authenticated: false }],
    ["it is for somebody else", { ...GOOD, audiences: ["vault"] }],
    ["the server knows no audiences", { ...GOOD, audiences: undefined }],
    ["it is a person's", { ...GOOD, user: { username: "kubernetes-admin" } }],
    ["nothing is said", {}],
  ] as const)
    it(`is nobody's when ${why}`, async () => {
      assert.equal(await reviewer(status).review("t"), undefined);
    });

  it("is not asked for what can be no token", async () => {
    const { review, asked } = reviewer(GOOD);
    assert.deepEqual([await review(""), await review("x".repeat(20_000))], [undefined, undefined]);
    assert.equal(asked.length, 0);
  });

  it("is asked once for a while, also by many at once, and again after it", async () => {
    const { review, asked, clock } = reviewer(GOOD);
    await Promise.all([review("t"), review("t")]);
    await review("t");
    assert.equal(asked.length, 1);
    clock.nowMs = 60_001;
    await review("t");
    assert.equal(asked.length, 2);
  });

  it("is asked again sooner after a no", async () => {
    const { review, asked, clock } = reviewer({ authenticated: false });
    await review("t");
    clock.nowMs = 10_001;
    await review("t");
    assert.equal(asked.length, 2);
  });

  it("is forgotten, oldest first, beyond a limit", async () => {
    const { review, asked } = reviewer(GOOD, { remembers: 2 });
    for (const token of ["a", "b", "c", "c", "b", "a"]) await review(token);
    assert.deepEqual(
      asked.map((one) => one.token),
      ["a", "b", "c", "a"],
    );
  });

  it("is not remembered when nobody could say", async () => {
    let fails = true;
    const { review } = reviewer(GOOD, {
      client: {
        create: (_, object) =>
          fails ? Promise.reject(new ApiUnreachable("refused")) : Promise.resolve({ ...object, status: GOOD }),
      },
    });
    await assert.rejects(review("t"), ApiUnreachable);
    fails = false;
    assert.equal((await review("t"))?.namespace, "models");
  });
});
