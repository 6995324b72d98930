import type { Shape } from "./sizes.ts";

/** ENGINE_PREDICTOR of a graph whose nodes are all the stub. */
export function predictorOf(shape: Shape, restPort: number, grpcPort: number): string {
  const endpoint = { service_host: "127.0.0.1", service_port: restPort, httpPort: restPort, grpcPort };
  const node = (name: string, type: string, ...children: readonly unknown[]) => ({ name, type, endpoint, children });
  const model = (name: string, ...children: readonly unknown[]) => node(name, "MODEL", ...children);
  const graphOf = (): unknown => {
    switch (shape) {
      case "single":
        return model("m0");
      case "chain":
        return model("m0", model("m1", model("m2")));
      case "combiner":
        return node("c", "COMBINER", model("m0"), model("m1"), model("m2"));
      case "router":
        return node("r", "ROUTER", model("m0"), model("m1"));
    }
  };
  return Buffer.from(JSON.stringify({ name: "main", graph: graphOf() })).toString("base64");
}
