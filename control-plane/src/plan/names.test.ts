import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clusterName,
  containerServiceName,
  explainerName,
  orchestratorDeploymentName,
  podDeploymentName,
  predictorServiceName,
  seldonId,
  serviceHost,
} from "./names.ts";

const LONG = "seldon-model-1234567890-1234567890-1234567890-1234567890-1234567890";

test("names that fit stay as they are", () => {
  assert.equal(seldonId("example"), "example");
  assert.equal(predictorServiceName("example", "main"), "example-main");
  assert.equal(containerServiceName("example", "main", "classifier"), "example-main-classifier");
  assert.equal(
    podDeploymentName({ deployment: "example", predictor: "main", index: 0, containers: ["classifier", "b"] }),
    "example-main-0-classifier-b",
  );
  assert.equal(
    podDeploymentName({
      deployment: "example",
      predictor: "main",
      index: 1,
      specName: "tail",
      containers: ["classifier"],
    }),
    "example-main-1-tail",
  );
  assert.equal(seldonId("x".repeat(63)), "x".repeat(63));
});

test("names over 63 characters are hashed as Seldon 1.17.1 does", () => {
  const parts = {
    deployment: "s",
    predictor: "C12345678912345678901234567890123456789012345678901234567890",
    index: 0,
    containers: ["m"],
  };
  assert.equal(podDeploymentName(parts), "seldon-10eb0f02cdc303e74043e57c1d8147ab");
  assert.equal(podDeploymentName(parts, true), "s-10eb0f02cdc303e74043e57c1d8147ab");
  assert.equal(seldonId(LONG), "seldon-83a2ff7bfcb4fd45246a1b2c4ef40961");
  assert.equal(predictorServiceName(LONG, "p1"), "seldon-587bb9225779dd0ae9335ad02964c78e");
  assert.equal(containerServiceName(LONG, "p1", "classifier"), "seldon-1b3aa4899999fbb66914187a059490d0");
  assert.equal(
    podDeploymentName({ deployment: LONG, predictor: "p1", index: 0, containers: ["classifier"] }),
    "seldon-5fdf818e3b842e9129a341471ed46232",
  );
  assert.equal(orchestratorDeploymentName(LONG, "p1"), "seldon-ede2fe92bb056bdeea7d00a35cd47a28");
  assert.equal(explainerName(LONG, "p1"), "seldon-1b147b26bc45d65f09ef7e6c5662af29");
});

test("a prefix that does not fit falls back to the plain hash", () => {
  const parts = { deployment: LONG, predictor: "p1", index: 0, containers: ["classifier"] };
  assert.equal(podDeploymentName(parts, true), "seldon-5fdf818e3b842e9129a341471ed46232");
});

test("the svc-name annotation is taken word for word", () => {
  assert.equal(predictorServiceName("example", "main", "foo"), "foo");
  assert.equal(predictorServiceName("example", "main", ""), "example-main");
});

test("hosts and clusters", () => {
  assert.equal(serviceHost("example-main", "seldon"), "example-main.seldon.svc.cluster.local");
  assert.equal(serviceHost("example-main", "seldon", "k8s.test"), "example-main.seldon.svc.k8s.test");
  assert.equal(clusterName("seldon", "example", "main", "grpc"), "seldon/example/main/grpc");
});

test("names that Kubernetes would refuse are hashed too", () => {
  const hash = /^seldon-[0-9a-f]{32}$/;
  assert.match(predictorServiceName("my.model", "main"), hash);
  assert.match(predictorServiceName("2nd", "main"), hash);
  assert.match(containerServiceName("example", "Main_1", "classifier"), hash);
  assert.match(explainerName("my.model", "main"), hash);
  const parts = { index: 0, containers: ["classifier"] };
  assert.match(podDeploymentName({ ...parts, deployment: "example", predictor: "Main_1" }), hash);
  assert.match(podDeploymentName({ ...parts, deployment: "a", predictor: "b", specName: "My Spec" }), hash);
  assert.equal(
    podDeploymentName({ ...parts, deployment: "my.model", predictor: "main" }),
    "my.model-main-0-classifier",
  );
  assert.equal(predictorServiceName("example", "main", "my.own"), "my.own");
});
