import { load } from "js-yaml";
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createKindCluster } from "./kind.ts";

function readHere(name: string): unknown {
  return load(readFileSync(join(import.meta.dirname, name), "utf8"));
}

interface ClusterConfig {
  readonly nodes: readonly { readonly extraPortMappings: readonly { readonly [field: string]: unknown }[] }[];
}

interface IstioConfig {
  readonly spec: {
    readonly components: {
      readonly ingressGateways: readonly {
        readonly k8s: { readonly service: { readonly ports: readonly { readonly nodePort: number }[] } };
      }[];
    };
  };
}

describe("a kind cluster", () => {
  it("is created, given Istio and images, and deleted", async () => {
    const commands: string[] = [];
    const cluster = await createKindCluster("try", (file, args) => {
      commands.push([file, ...args].join(" ").replaceAll(`${import.meta.dirname}/`, ""));
      for (const arg of args.filter((word) => word.endsWith(".yaml"))) assert.ok(existsSync(arg), arg);
      return Promise.resolve("");
    });
    await cluster.loadImage("/a.tar");
    await cluster.delete();
    assert.equal(cluster.context, "kind-try");
    assert.deepEqual(commands, [
      "kind create cluster --name try --config cluster.yaml --wait 180s",
      "istioctl install --context kind-try --skip-confirmation -f istio.yaml",
      "kind load image-archive /a.tar --name try",
      "kind delete cluster --name try",
    ]);
  });

  it("is deleted when Istio can't be installed", async () => {
    const commands: string[] = [];
    const created = createKindCluster("try", (file, args) => {
      commands.push(`${file} ${args[0] ?? ""}`);
      return file === "istioctl" ? Promise.reject(new Error("no")) : Promise.resolve("");
    });
    await assert.rejects(created, /^Error: no$/);
    assert.deepEqual(commands, ["kind create", "istioctl install", "kind delete"]);
  });

  it("has its ingress where it says", async () => {
    const { ingress } = await createKindCluster("try", () => Promise.resolve(""));
    const [mapping] = (readHere("cluster.yaml") as ClusterConfig).nodes.flatMap((node) => node.extraPortMappings);
    const [gateway] = (readHere("istio.yaml") as IstioConfig).spec.components.ingressGateways;
    assert.deepEqual([mapping?.["listenAddress"], mapping?.["hostPort"]], [ingress.host, ingress.port]);
    assert.equal(mapping?.["containerPort"], gateway?.k8s.service.ports[0]?.nodePort);
  });
});
