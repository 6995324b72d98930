import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type {
  Container,
  ContainerPort,
  ContainerProbe,
  EnvVar,
  ExecAction,
  GrpcAction,
  HttpGetAction,
  HttpHeader,
  Lifecycle,
  LifecycleHandler,
  ObjectMeta,
  PodSpec,
  TcpSocketAction,
  VolumeMount,
} from "../kubernetes.ts";
import { checkShape } from "./check-shape.ts";
import { fitFields } from "./fields.ts";
import type { JsonSchema } from "./json-schema.ts";
import { resolve, SCHEMAS, type PlacedSchema } from "./registry.ts";

/** The kind of each field of an interface; the compiler wants every field and no other. */
type Kinds<T> = { readonly [K in keyof T]-?: "string" | "integer" | "boolean" | "array" | "object" | "integer,string" };

/** Our interfaces under the names of Kubernetes' definitions. */
const INTERFACES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ObjectMeta: {
    name: "string",
    namespace: "string",
    labels: "object",
    annotations: "object",
    uid: "string",
    resourceVersion: "string",
    generation: "integer",
  } satisfies Kinds<ObjectMeta>,
  EnvVar: { name: "string", value: "string", valueFrom: "object" } satisfies Kinds<EnvVar>,
  ContainerPort: {
    containerPort: "integer",
    name: "string",
    protocol: "string",
    hostPort: "integer",
    hostIP: "string",
  } satisfies Kinds<ContainerPort>,
  VolumeMount: {
    name: "string",
    mountPath: "string",
    readOnly: "boolean",
    subPath: "string",
  } satisfies Kinds<VolumeMount>,
  HTTPHeader: { name: "string", value: "string" } satisfies Kinds<HttpHeader>,
  HTTPGetAction: {
    port: "integer,string",
    path: "string",
    host: "string",
    scheme: "string",
    httpHeaders: "array",
  } satisfies Kinds<HttpGetAction>,
  TCPSocketAction: { port: "integer,string", host: "string" } satisfies Kinds<TcpSocketAction>,
  ExecAction: { command: "array" } satisfies Kinds<ExecAction>,
  GRPCAction: { port: "integer", service: "string" } satisfies Kinds<GrpcAction>,
  Probe: {
    httpGet: "object",
    tcpSocket: "object",
    exec: "object",
    grpc: "object",
    initialDelaySeconds: "integer",
    periodSeconds: "integer",
    timeoutSeconds: "integer",
    successThreshold: "integer",
    failureThreshold: "integer",
    terminationGracePeriodSeconds: "integer",
  } satisfies Kinds<ContainerProbe>,
  LifecycleHandler: { httpGet: "object", tcpSocket: "object", exec: "object" } satisfies Kinds<LifecycleHandler>,
  Lifecycle: { postStart: "object", preStop: "object" } satisfies Kinds<Lifecycle>,
  Container: {
    name: "string",
    image: "string",
    imagePullPolicy: "string",
    command: "array",
    args: "array",
    workingDir: "string",
    env: "array",
    envFrom: "array",
    ports: "array",
    volumeMounts: "array",
    livenessProbe: "object",
    readinessProbe: "object",
    startupProbe: "object",
    lifecycle: "object",
    terminationMessagePath: "string",
    terminationMessagePolicy: "string",
    resources: "object",
    securityContext: "object",
  } satisfies Kinds<Container>,
  PodSpec: {
    containers: "array",
    initContainers: "array",
    volumes: "array",
    terminationGracePeriodSeconds: "integer",
    serviceAccountName: "string",
    securityContext: "object",
  } satisfies Kinds<PodSpec>,
};

describe("the schema of pods", () => {
  for (const [name, fields] of Object.entries(INTERFACES)) {
    it(`has the fields of our ${name}`, () => {
      const document = SCHEMAS.kubernetes;
      const properties = document.definitions?.[name]?.properties ?? {};
      for (const [field, kind] of Object.entries(fields)) {
        const schema = properties[field];
        assert.ok(schema !== undefined, `${name}.${field}`);
        assert.equal(String(resolve({ schema, document }).schema.type), kind, `${name}.${field}`);
      }
    });
  }
});

describe("the schemas", () => {
  it("lead nowhere that is not there", () => {
    const seen = new Set<JsonSchema>();
    const visit = (placed: PlacedSchema): void => {
      const { schema, document } = resolve(placed);
      if (seen.has(schema)) return;
      seen.add(schema);
      const inner = [...Object.values(schema.properties ?? {}), ...(schema.items === undefined ? [] : [schema.items])];
      for (const one of inner) visit({ schema: one, document });
    };
    for (const document of Object.values(SCHEMAS)) visit({ schema: document, document });
    assert.ok(seen.size > 500, `${seen.size} schemas`);
  });

  it("find every wrong field of an object and none in a good one", () => {
    const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: "one" };
    const good = {
      apiVersion: "graphway.dev/v1alpha1",
      kind: "RoutePolicy",
      metadata: { name: "a" },
      spec: { targetRef },
    };
    assert.deepEqual(checkShape("route-policy", good), []);
    const bad = { ...good, metadata: { name: 1 }, spec: { targetRef: { ...targetRef, name: "" }, force: true } };
    assert.deepEqual(
      checkShape("route-policy", bad).map((one) => one.at),
      [
        ["metadata", "name"],
        ["spec", "targetRef", "name"],
        ["spec", "force"],
      ],
    );
  });

  it("take quantities and ports as numbers and texts", () => {
    const judge = (container: object): number => {
      const predictors = [{ name: "p", graph: { name: "m" }, componentSpecs: [{ spec: { containers: [container] } }] }];
      const value = { apiVersion: "a", kind: "b", metadata: {}, spec: { predictors } };
      return checkShape("seldon-deployment", value).length;
    };
    const withCpu = (cpu: unknown): number => judge({ name: "m", resources: { limits: { cpu } } });
    for (const cpu of [1, "1", "500m", "0.5", ".5", "1e3", "2Gi", "+1", "-1k"])
      assert.equal(withCpu(cpu), 0, String(cpu));
    for (const cpu of [0.5, true, "1 Gi", "1GiB", "lots", ""]) assert.equal(withCpu(cpu), 1, String(cpu));
    const withPort = (port: unknown): number => judge({ name: "m", livenessProbe: { httpGet: { port } } });
    for (const port of [80, "http"]) assert.equal(withPort(port), 0);
    for (const port of [80.5, null, {}]) assert.equal(withPort(port), 1);
  });
});

describe("fitFields", () => {
  it("drops null fields that are known, keeps nulls in maps and lists, and does not edit its input", () => {
    const annotations = { a: null };
    const value = {
      kind: null,
      metadata: { labels: { a: null } },
      spec: { predictors: [null], annotations },
      extra: null,
    };
    const before = structuredClone(value);
    const { value: fitted, unknown } = fitFields("seldon-deployment", value);
    // Kubernetes reads the object's own labels and annotations itself, null as an empty text.
    assert.deepEqual(fitted, {
      metadata: { labels: { a: "" } },
      spec: { predictors: [null], annotations },
      extra: null,
    });
    assert.deepEqual(value, before);
    assert.deepEqual(
      unknown.map((one) => one.at),
      [["extra"]],
    );
  });
});
