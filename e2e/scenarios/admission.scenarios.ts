import assert from "node:assert/strict";
import type { Fields, KubeError } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";

function messagesOf({ body }: KubeError): readonly string[] {
  const { details } = body as { details?: { causes?: readonly { field: string; message: string }[] } };
  return (details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
}

interface BadGraph {
  readonly what: string;
  readonly object: Fields;
  /** A cause's field and part of its message. */
  readonly field: string;
  readonly message: string;
}

const BAD: readonly BadGraph[] = [
  {
    what: "two predictors of one name",
    object: deployment("bad", { predictors: [predictor("p", { traffic: 50 }), predictor("p", { traffic: 50 })] }),
    field: "spec.predictors[1]",
    message: "Duplicate predictor name",
  },
  {
    what: "a node without its container",
    object: deployment("bad", { predictors: [predictor("p", { graph: { name: "other", type: "MODEL" } })] }),
    field: "spec.predictors[0].graph",
    message: "Can't find container for Predictive Unit",
  },
  {
    what: "traffic that sums to 90",
    object: deployment("bad", { predictors: [predictor("a", { traffic: 50 }), predictor("b", { traffic: 40 })] }),
    field: "spec",
    message: "Traffic must sum to 100 for multiple predictors",
  },
  {
    what: "a shadow alone",
    object: deployment("bad", { predictors: [predictor("p", { shadow: true })] }),
    field: "spec.predictors[0]",
    message: "Shadow can not exist as only predictor",
  },
  {
    what: "an unknown protocol, in an older version",
    object: deployment("bad", { protocol: "soap", version: "v1alpha2", predictors: [predictor("p")] }),
    field: "spec",
    message: "Invalid protocol",
  },
];

export const scenarios: readonly Scenario[] = [
  {
    name: "admission/bad-graphs",
    shows: "the webhook refuses bad graphs with Seldon's messages, and the schema what has no graph",
    async run(world) {
      for (const { what, object, field, message } of BAD) {
        const refusal = await world.applyRefused(object);
        assert.equal(refusal.status, 422, `${what}: ${refusal.message}`);
        const causes = messagesOf(refusal);
        assert.ok(
          causes.some((cause) => cause.startsWith(`${field}: `) && cause.includes(message)),
          `${what}: ${JSON.stringify(causes)}`,
        );
      }
      const refusal = await world.applyRefused(deployment("bad", { predictors: [{ name: "p" }] }));
      assert.match(refusal.message, /graph: Required value/);
      assert.deepEqual(await world.list("SeldonDeployment"), []);
    },
  },
  {
    name: "admission/update",
    shows: "a refused update leaves what is served as it is; a server-side dry run changes nothing",
    async run(world) {
      const good = deployment("kept", { predictors: [predictor("p")] });
      await world.apply(good);
      await world.untilServed("kept");
      await world.applyRefused(
        deployment("kept", { predictors: [predictor("p", { graph: { name: "x", type: "MODEL" } })] }),
      );
      const dry = await world.kubectlApply(
        deployment("kept", { predictors: [predictor("p", { replicas: 3 })] }),
        "--dry-run=server",
        "--server-side",
        "--force-conflicts",
      );
      assert.match(dry, /server-side applied \(server dry run\)|serverside-applied/);
      assert.equal((await world.need("SeldonDeployment", "kept")).metadata.generation, 1);
      assert.equal((await world.predict("kept")).status, 200);
    },
  },
  {
    name: "admission/kubectl-apply",
    shows: "plain kubectl apply, get, wait and delete as users type them",
    async run(world) {
      await world.kubectlApply(deployment("typed", { predictors: [predictor("default")] }));
      await world.kubectl("wait", "--for=condition=ready", "--timeout=170s", "sdep", "--all");
      await world.untilAnswered("typed");
      assert.equal(await world.kubectl("get", "sdep", "typed", "-o", "jsonpath={.status.state}"), "Available");
      const pods = [[model("classifier", { version: "2" })]];
      await world.kubectlApply(deployment("typed", { predictors: [predictor("default", { pods })] }));
      await world.untilAvailable("typed");
      await untilTrue("version 2 answers", async () => (await world.untilAnswered("typed")) === "[5,6,7,8]");
      await world.kubectl("delete", "sdep", "typed");
      assert.equal(await world.get("SeldonDeployment", "typed"), undefined);
    },
  },
];
