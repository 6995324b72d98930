// The validating webhook behind a real API server: what kubectl says to a user.
import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { load } from "js-yaml";
import { objectOfCase } from "../../control-plane/src/deliver/admission/reviews-for-tests.ts";
import { enterWords, nodeEnvironment } from "../cluster/node/inside.ts";
import { clusterOfCheckout, Kubectl, type Fields } from "./kubectl.ts";

const HOST = "10.88.0.1";
const NAMESPACE = `admission-${process.pid}`;
const CONFIGURATION = NAMESPACE;
const GOLDENS = join(import.meta.dirname, "../../control-plane/src/deliver/admission/testdata");
const DEADLINE_MS = 120_000;
/** SHA-256 of an empty text, which the schema can't tell from others. */
const DIGEST_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

interface Line {
  readonly port?: number;
  readonly problem?: string;
  readonly renewed?: true;
  readonly review?: { readonly dryRun: boolean; readonly operation: string };
}

interface Golden {
  readonly details: {
    readonly name?: string;
    readonly causes: readonly { readonly field: string; readonly message: string }[];
  };
}

function deployment(spec: Fields = {}, version = "v1"): Fields {
  const componentSpecs = [{ spec: { containers: [{ name: "model", image: "models/one:1" }] } }];
  return {
    apiVersion: `machinelearning.seldon.io/${version}`,
    kind: "SeldonDeployment",
    metadata: { name: "example" },
    spec: { predictors: [{ name: "main", graph: { name: "model" }, componentSpecs }], ...spec },
  };
}

describe("the webhook behind a real API server", () => {
  let kubectl: Kubectl;
  let webhook: ChildProcessWithoutNullStreams;
  const lines: Line[] = [];

  before(async () => {
    const cluster = await clusterOfCheckout();
    kubectl = new Kubectl(cluster, NAMESPACE);
    await kubectl.run(["create", "namespace", NAMESPACE]);
    await kubectl.run(["label", "namespace", NAMESPACE, `seldon.io/controller-id=${NAMESPACE}`]);
    const script = join(import.meta.dirname, "admission-server.ts");
    const [file = "", ...words] = enterWords(cluster.node, "network");
    const env = { ...process.env, ...nodeEnvironment(cluster.layout, cluster.packages) };
    webhook = spawn(file, [...words, process.execPath, script, HOST, NAMESPACE, CONFIGURATION], { env });
    webhook.stderr.pipe(process.stderr);
    createInterface(webhook.stdout).on("line", (line) => lines.push(JSON.parse(line) as Line));
    await until("the webhook answers", async () => {
      const { error } = await kubectl.try(["create", "--dry-run=server", "-f", "-"], deployment({ protocol: "http" }));
      return error.includes("Invalid protocol");
    });
  });

  after(async () => {
    webhook.stdin.end();
    await once(webhook, "exit");
    await kubectl.run(["delete", "validatingwebhookconfiguration", CONFIGURATION, "--ignore-not-found"]);
    await kubectl.run(["delete", "namespace", NAMESPACE, "--wait=false"]);
  });

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + DEADLINE_MS;
    while (!(await holds())) {
      if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}; ${JSON.stringify(lines.slice(-5))}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  for (const file of readdirSync(GOLDENS)) {
    const name = file.replace(".yaml", "");
    it(`refuses ${name} in Seldon's words`, async () => {
      const { ok, error } = await kubectl.try(["apply", "--dry-run=server", "-f", "-"], objectOfCase(name));
      assert.equal(ok, false);
      const golden = load(readFileSync(join(GOLDENS, file), "utf8")) as Golden;
      assert.ok(
        error.includes(`The SeldonDeployment ${JSON.stringify(golden.details.name ?? "")} is invalid: `),
        error,
      );
      for (const cause of golden.details.causes) assert.ok(error.includes(`${cause.field}: ${cause.message}`), error);
    });
  }

  it("was asked by dry runs, and knew it", () => {
    assert.ok(lines.some(({ review }) => review?.dryRun === true));
  });

  it("takes good objects, their changes and their end, with warnings where there is something to say", async () => {
    const created = await kubectl.try(["apply", "-f", "-"], deployment());
    assert.deepEqual([created.ok, created.error], [true, ""]);
    const bad = { ...deployment({ transport: "REST" }) };
    assert.match((await kubectl.try(["apply", "-f", "-"], bad)).error, /Invalid value: "REST": Invalid transport/);
    const odd = deployment({ annotations: { "seldon.io/no-such-thing": "1" } });
    assert.match((await kubectl.try(["apply", "-f", "-"], odd)).error, /^Warning: spec\.annotations/m);
    await kubectl.run(["scale", "sdep/example", "--replicas", "3"]);
    await kubectl.run(["delete", "sdep", "example", "--cascade=foreground"]);
  });

  it("is asked about the older versions too", async () => {
    for (const version of ["v1alpha2", "v1alpha3"]) {
      const { error } = await kubectl.try(["apply", "-f", "-"], deployment({ protocol: "x" }, version));
      assert.match(error, /Invalid value: "x": Invalid protocol/);
    }
  });

  it("validates policies", async () => {
    const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "example" };
    const policy = (spec: Fields): Fields => {
      return { apiVersion: "graphway.dev/v1alpha1", kind: "RoutePolicy", metadata: { name: "sticky" }, spec };
    };
    const wrong = policy({ targetRef, force: { grants: [{ secretSha256: DIGEST_OF_NOTHING }] } });
    const { error } = await kubectl.try(["apply", "-f", "-"], wrong);
    assert.match(error, /The RoutePolicy "sticky" is invalid: spec\.force\.grants\[0\]\.secretSha256: .*empty text/);
    await kubectl.run(["apply", "-f", "-"], policy({ targetRef, sticky: { header: "a" } }));
    assert.match(await kubectl.run(["get", "rpol"]), /^sticky +example/m);
  });

  it("survives a new certificate in the middle of requests", async () => {
    const renewals = (): number => lines.filter(({ renewed }) => renewed === true).length;
    const before = renewals();
    const wasRenewed = until("a new certificate", () => Promise.resolve(renewals() > before));
    await kubectl.run(["patch", "secret", "webhook-certificate", "--type=merge", "-p", '{"data":{"tls.key":""}}']);
    const ask = async (): Promise<void> => {
      const { error } = await kubectl.try(["create", "--dry-run=server", "-f", "-"], deployment({ protocol: "x" }));
      assert.match(error, /Invalid protocol/);
    };
    while (renewals() === before) await Promise.race([ask(), wasRenewed]);
    await wasRenewed;
    for (let times = 0; times < 3; times += 1) await ask();
  });
});
