import assert from "node:assert/strict";
import { join } from "node:path";
import { deployment, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { pause } from "../runner/until.ts";

const CHART = join(import.meta.dirname, "..", "..", "deploy", "helm", "graphway");

export const scenarios: readonly Scenario[] = [
  {
    name: "operators/controller-id",
    shows: "two installations side by side: each takes the deployments with its controller id and no other",
    timeoutMs: 600_000,
    async run(world) {
      const labels = { "seldon.io/controller-id": "second" };
      await world.apply(
        deployment("first", { predictors: [predictor("default")] }),
        deployment("second", { labels, predictors: [predictor("default")] }),
      );
      await world.untilServed("first");
      // Long enough for the first one to have done it: "first" took several turns meanwhile.
      await pause(1000);
      assert.equal(await world.get("Deployment", "second-default-0-classifier"), undefined);
      const set = [
        "controllerId=second",
        "crd.create=false",
        "istio.enabled=true",
        `istio.gateway=${world.target.gateway}`,
      ];
      const values = set.flatMap((one) => ["--set", one]);
      await world.helm("install", "second", CHART, ...values, "--wait", "--timeout", "240s");
      try {
        await world.untilServed("second");
        assert.equal((await world.predict("second")).status, 200);
        assert.equal((await world.predict("first")).status, 200);
      } finally {
        await world.helm("uninstall", "second", "--wait");
      }
    },
  },
];
