import { readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import type { Layout } from "../layout.ts";
import { librariesOf } from "./base-layers.ts";
import type { Entry, Image, Layer } from "./image.ts";

/** What pods of a mesh get as sidecar, gateway and init container. */
const ISTIO_PROXY_IMAGE = "docker.io/graphway/istio-proxy:1";

const LIBRARY_FOLDER = `usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;

/** Where pilot-agent looks for the template of Envoy's bootstrap. */
const BOOTSTRAP = "/var/lib/istio/envoy/envoy_bootstrap_tmpl.json";

/**
 * Istio's proxy over the image with Envoy: pilot-agent, which makes the bootstrap and fetches certificates, and `nft`, by which its init
 * container takes over the pod's connections. `istio` is the folder of Istio's source.
 */
export async function istioProxyImage(layout: Layout, packages: string, envoy: Image, istio: string): Promise<Image> {
  const program = (from: string, path: string): Entry => ({ kind: "copy", path, from, mode: 0o755 });
  const nft = join(packages, "usr/sbin/nft");
  const libraries = await librariesOf(nft, join(packages, LIBRARY_FOLDER));
  const layer: Layer = {
    name: "istio-proxy",
    entries: [
      program(join(layout.tools, "pilot-agent"), "/usr/local/bin/pilot-agent"),
      program(nft, "/usr/sbin/nft"),
      ...libraries.map((path) => program(realpathSync(path), `/${LIBRARY_FOLDER}/${basename(path)}`)),
      {
        kind: "text",
        path: BOOTSTRAP,
        text: readFileSync(join(istio, "tools/packaging/common/envoy_bootstrap.json"), "utf8"),
      },
    ],
  };
  return {
    name: ISTIO_PROXY_IMAGE,
    layers: [...envoy.layers, layer],
    entrypoint: ["/usr/local/bin/pilot-agent"],
    user: "1337:1337",
  };
}
