// What the Helm chart makes of values. `GRAPHWAY_WRITE_GOLDEN=1` writes what it makes instead of comparing it.
import { load } from "js-yaml";
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import {
  webhookConfiguration,
  type WebhookScope,
} from "../../control-plane/src/deliver/admission/webhook-configuration.ts";
import type { KubernetesObject } from "../../control-plane/src/kubernetes-api/object.ts";
import { ClusterError, findCluster, type Cluster } from "../cluster/cluster.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CHART = join(ROOT, "deploy", "helm", "graphway");
const CASES = join(import.meta.dirname, "testdata", "chart");
const RELEASE = ["seldon-core", CHART, "--namespace", "seldon-system"];
/** The CustomResourceDefinitions have tests of their own, and are a megabyte. */
const WITHOUT_CRDS = ["--set", "crd.create=false"];

/** Values, and the objects that the webhook then answers for. */
const SCOPES: readonly (readonly [string, WebhookScope])[] = [
  ["singleNamespace=false", { kind: "cluster" }],
  ["controllerId=blue", { kind: "controller", controllerId: "blue" }],
  ["singleNamespace=true", { kind: "namespace", namespace: "seldon-system" }],
];

/** Helm tells notes of an installation only, and this cluster has no cert-manager. */
const NEEDS_OTHER_KINDS = new Set(["cert-manager"]);

let cluster: Cluster;

function helm(...words: readonly string[]): Promise<string> {
  return cluster.run(["helm", ...words]);
}

function template(...words: readonly string[]): Promise<string> {
  return helm("template", ...RELEASE, "--kube-version", "1.36.0", ...words);
}

function compare(path: string, text: string): void {
  if (process.env["GRAPHWAY_WRITE_GOLDEN"] === "1") writeFileSync(path, text);
  assert.ok(existsSync(path), `${path} is not there; GRAPHWAY_WRITE_GOLDEN=1 writes it`);
  assert.equal(text, readFileSync(path, "utf8"));
}

before(async () => {
  const found = await findCluster(ROOT);
  if (found === undefined) throw new ClusterError("no cluster of this checkout is up: npm run cluster -- up");
  cluster = found;
});

describe("the chart", () => {
  it("is clean to helm lint", async () => {
    assert.match(await helm("lint", "--strict", CHART), /1 chart\(s\) linted, 0 chart\(s\) failed/);
  });

  for (const name of readdirSync(CASES)) {
    const values = ["--values", join(CASES, name, "values.yaml"), ...WITHOUT_CRDS];
    it(`makes of ${name} the objects that it should`, async () => {
      compare(join(CASES, name, "out.yaml"), await template(...values));
    });

    if (NEEDS_OTHER_KINDS.has(name)) continue;
    it(`says of ${name} what its user should know`, async () => {
      const said = await helm("install", ...RELEASE, "--dry-run=client", ...values);
      compare(join(CASES, name, "notes.txt"), said.slice(said.indexOf("\nNOTES:\n") + 1));
    });
  }

  for (const [given, scope] of SCOPES) {
    it(`has the webhook of the program, with ${given}`, async () => {
      const made = load(await template("--set", given, "--show-only", "templates/webhook.yaml")) as KubernetesObject;
      const expected = webhookConfiguration({
        name: made.metadata.name,
        scope,
        target: { service: { namespace: "seldon-system", name: "seldon-webhook-service", port: 443 } },
      });
      assert.equal(made.metadata.name, "seldon-validating-webhook-configuration-seldon-system");
      assert.deepEqual(made["webhooks"], expected["webhooks"]);
    });
  }

  it("keeps CustomResourceDefinitions, and their annotations are the user's", async () => {
    const made = await template("--set", "crd.annotations.team=serving", "--show-only", "templates/crds.yaml");
    const annotated = /^metadata: \{ annotations: \{"helm.sh\/resource-policy":"keep","team":"serving"\}, name: /gm;
    assert.equal([...made.matchAll(annotated)].length, 2);
    const loose = await template("--set", "crd.keep=false", "--show-only", "templates/crds.yaml");
    assert.doesNotMatch(loose, /resource-policy/);
  });

  it("refuses a Kubernetes that is too old, and values that can't be", async () => {
    await assert.rejects(helm("template", ...RELEASE, "--kube-version", "1.30.9"), /needs Kubernetes 1\.31 or newer/);
    await assert.rejects(template("--set", "istio.tlsMode=STRICT"), /istio\/tlsMode.*must be one of/);
    await assert.rejects(template("--set", "istio.mesh.identity=peer"), /turn istio\.mesh\.inject on/);
    await assert.rejects(template("--set", "istio.mesh.inject=true,hostNetwork=true"), /gets no sidecar/);
  });

  it("makes what the API server takes", async () => {
    const made = await template(...WITHOUT_CRDS, "--namespace=default", "--set=istio.enabled=true,manager.replicas=2");
    await cluster.run(["kubectl", "apply", "--server-side", "--dry-run=server", "--force-conflicts", "-f", "-"], {
      input: made,
    });
  });
});
