// An API server in a process of its own, whose Deployments want no pods and are complete at once.
import type { KubernetesObject } from "../../src/kubernetes-api/object.ts";
import { RESOURCE } from "../../src/kubernetes-api/resource-types.ts";
import { startFakeApiServer } from "../../src/kubernetes-api/tests/fake-api-server.ts";
import { answerQuestions, cpuMs } from "./child.ts";

export type FakeServerQuestions = {
  readonly url: { readonly about: undefined; readonly answer: string };
  readonly cpuMs: { readonly about: undefined; readonly answer: number };
};

const api = await startFakeApiServer({ keepsRequests: false });

function complete({ metadata }: KubernetesObject): void {
  const found = api.objects.get(RESOURCE.deployment, { namespace: metadata.namespace ?? "", name: metadata.name });
  if (found === undefined) return;
  const { generation = 1 } = found.metadata;
  const condition = { type: "Available", status: "True", reason: "MinimumReplicasAvailable" };
  api.objects.replace(
    RESOURCE.deployment,
    { ...found, status: { observedGeneration: generation, conditions: [condition] } },
    "status",
  );
}

api.objects.onEntry(({ type, resource, object }) => {
  if (resource.kind !== "Deployment" || type === "DELETED") return;
  const { status } = object as { readonly status?: { readonly observedGeneration?: number } };
  if (status?.observedGeneration === object.metadata.generation) return;
  setImmediate(() => {
    complete(object);
  });
});

answerQuestions<FakeServerQuestions>(
  { url: () => Promise.resolve(api.url), cpuMs: () => Promise.resolve(cpuMs()) },
  () => api.stop(),
);
