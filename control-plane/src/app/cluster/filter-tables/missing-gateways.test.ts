import assert from "node:assert/strict";
import { test } from "node:test";
import { planFor } from "../../../render/xds/plans-for-tests.ts";
import type { IstioObjects } from "./istio-objects.ts";
import { differingNames, missingGateways } from "./missing-gateways.ts";

function objects(names: readonly string[] | undefined, namespace?: string): IstioObjects {
  const gateways = names?.map((text) => {
    const [place = "", name = ""] = text.split("/");
    return { apiVersion: "networking.istio.io/v1", kind: "Gateway", metadata: { namespace: place, name } };
  });
  return { gateways, sidecars: [], rootNamespace: "istio-system", namespace };
}

const PLAN = planFor(
  "iris",
  { main: 1 },
  {},
  { gateways: ["istio-system/there", "istio-system/gone", "near", "mesh"] },
);

function namesOf(known: IstioObjects): readonly string[] {
  return missingGateways(PLAN, known).map(({ message }) => /Gateway (\S+):/.exec(message)?.[1] ?? message);
}

test("Gateways that are not there are named, the mesh is none", () => {
  assert.deepEqual(namesOf(objects(["istio-system/there", "seldon/near"])), ["istio-system/gone"]);
  assert.deepEqual(namesOf(objects(["istio-system/there"])), ["istio-system/gone", "seldon/near"]);
});

test("what can't be looked for is not said to be missing", () => {
  assert.deepEqual(namesOf(objects(undefined)), []);
  assert.deepEqual(namesOf(objects([], "seldon")), ["seldon/near"]);
});

test("names differ that one side lacks", () => {
  assert.deepEqual([...differingNames(new Set(["a", "b"]), new Set(["b", "c"]))], ["a", "c"]);
  assert.deepEqual([...differingNames(undefined, new Set(["a"]))], ["a"]);
});
