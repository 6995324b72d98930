import type { Protocol } from "../../graph/graph.ts";
import type { ServerContext } from "../server-context.ts";
import type { Health } from "./health.ts";
import type { Service, Services } from "./method.ts";
import { REFLECTION_SERVICES, reflectionService } from "./reflection.ts";
import { SELDON_SERVICE, seldonService } from "./seldon-service.ts";
import { MODEL_SERVICE, modelService, PREDICTION_SERVICE, predictionService } from "./tensorflow-service.ts";
import { V2_SERVICE, v2Service } from "./v2-service.ts";

const HEALTH_SERVICE = "grpc.health.v1.Health";

/** The services of the protocol that is served now; health and reflection are always there. */
export function servicesOf(context: ServerContext, health: Health): () => Services {
  const made = new Map<Protocol, Services>();
  return () => {
    const protocol = context.current.served?.graph.protocol ?? context.protocol;
    let services = made.get(protocol);
    if (services === undefined) {
      services = withCommon(protocolServices(protocol, context), health);
      made.set(protocol, services);
    }
    return services;
  };
}

function protocolServices(protocol: Protocol, context: ServerContext): Map<string, Service> {
  switch (protocol) {
    case "seldon":
      return new Map([[SELDON_SERVICE, seldonService(context)]]);
    case "v2":
      return new Map([[V2_SERVICE, v2Service(context)]]);
    case "tensorflow":
      return new Map([
        [PREDICTION_SERVICE, predictionService(context)],
        [MODEL_SERVICE, modelService(context)],
      ]);
  }
}

function withCommon(services: Map<string, Service>, health: Health): Services {
  services.set(
    HEALTH_SERVICE,
    health.service((name) => name === "" || services.has(name)),
  );
  const reflection = reflectionService(() => [...services.keys()].sort());
  for (const name of REFLECTION_SERVICES) services.set(name, reflection);
  return services;
}
