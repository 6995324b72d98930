import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { loadDocuments, loadObjects } from "./load.ts";
import { DEFAULT_MODEL_SETTINGS } from "./settings.ts";

function deployment(name: string, changes: object = {}, spec: object = {}): Record<string, unknown> {
  return {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name },
    spec: {
      predictors: [
        {
          name: "main",
          graph: { name: "model" },
          componentSpecs: [{ spec: { containers: [{ name: "model", image: "a:1" }] } }],
        },
      ],
      ...spec,
    },
    ...changes,
  };
}

function policy(name: string, target: string, spec: object = {}): object {
  const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: target };
  return { apiVersion: "graphway.dev/v1alpha1", kind: "RoutePolicy", metadata: { name }, spec: { targetRef, ...spec } };
}

function texts(...files: readonly unknown[]) {
  return files.map((value, index) => ({ file: `${index}.json`, text: JSON.stringify(value) }));
}

describe("loadDocuments", () => {
  it("judges every deployment on its own", () => {
    const inputs = [
      ...texts(deployment("good"), deployment("bad", {}, { protocol: "http" })),
      { file: "broken.yaml", text: "a: [" },
    ];
    const { value, problems } = loadDocuments(inputs);
    assert.deepEqual(
      value.deployments.map((one) => [one.key, one.accepted, one.problems.length]),
      [
        ["default/good", true, 0],
        ["default/bad", false, 1],
      ],
    );
    assert.deepEqual(value.incompleteFiles, ["broken.yaml"]);
    assert.deepEqual(
      problems.map((one) => [one.file, one.code]),
      [
        ["1.json", "ProtocolInvalid"],
        ["broken.yaml", "TextNotYaml"],
      ],
    );
  });

  it("refuses one name in two files, or only warns when told so", () => {
    const inputs = texts(deployment("one"), deployment("one", {}, { replicas: 2 }));
    const strict = loadDocuments(inputs);
    assert.deepEqual(
      strict.value.deployments.map((one) => one.accepted),
      [false],
    );
    assert.match(strict.problems[0]?.message ?? "", /here and in 0\.json:1:/);
    const lenient = loadDocuments(inputs, { ...DEFAULT_MODEL_SETTINGS, duplicateAcrossFiles: "warning" });
    assert.deepEqual(
      lenient.value.deployments.map((one) => one.accepted),
      [true],
    );
    assert.deepEqual(
      lenient.problems.map((one) => one.severity),
      ["warning"],
    );
  });

  it("joins a deployment with its policy across files; a policy's twin of the same name is no twin of a deployment", () => {
    const rules = { sticky: { cookie: "uid" }, explain: { allow: true } };
    const { value, problems } = loadDocuments(texts(policy("one", "one", rules), deployment("one")));
    const [one] = value.deployments;
    assert.deepEqual(problems, []);
    assert.ok(one?.accepted === true);
    assert.deepEqual(one.policy?.spec.sticky, { cookie: "uid" });
    assert.deepEqual(one.policy.spec.explain, { allow: true });
  });

  it("rejects a deployment whose policy is in error, and no other", () => {
    const inputs = texts(deployment("one"), deployment("two"), policy("p", "one", { sticky: {} }));
    const { value } = loadDocuments(inputs);
    assert.deepEqual(
      value.deployments.map((one) => [one.name, one.accepted]),
      [
        ["one", false],
        ["two", true],
      ],
    );
  });

  it("takes several shadows when the settings allow them", () => {
    const containers = [{ name: "model", image: "a:1" }];
    const predictors = ["main", "a", "b"].map((name) => ({
      name,
      shadow: name !== "main",
      graph: { name: "model" },
      componentSpecs: [{ spec: { containers } }],
    }));
    const inputs = texts(deployment("one", {}, { predictors }));
    assert.equal(loadDocuments(inputs).value.deployments[0]?.accepted, false);
    assert.equal(
      loadDocuments(inputs, { ...DEFAULT_MODEL_SETTINGS, maxShadows: 2 }).value.deployments[0]?.accepted,
      true,
    );
  });

  it("drops null fields as Kubernetes does and says where a field of the accepted object stands", () => {
    const text =
      "apiVersion: machinelearning.seldon.io/v1\nkind: SeldonDeployment\nmetadata: {name: one, labels: null}\nspec:\n  replicas:\n  predictors:\n  - name: main\n    graph: {name: m, implementation: SIMPLE_MODEL, children: null}\n";
    const [one] = loadDocuments([{ file: "in.yaml", text }]).value.deployments;
    assert.ok(one?.accepted === true);
    assert.deepEqual(Object.keys(one.raw.spec), ["predictors"]);
    assert.deepEqual(Object.keys(one.raw.spec.predictors[0]?.graph ?? {}), ["name", "implementation"]);
    assert.deepEqual(one.locate?.(["spec", "predictors", 0, "graph", "implementation"]), { line: 8, column: 22 });
  });
});

describe("loadObjects", () => {
  it("never throws, whatever the value", () => {
    const broken = fc.letrec((tie) => ({
      value: fc.oneof(fc.jsonValue({ maxDepth: 3 }), tie("object")),
      object: fc.dictionary(
        fc.constantFrom(
          ...["apiVersion", "kind", "metadata", "spec", "predictors", "graph", "children", "name", "componentSpecs"],
          ...["containers", "annotations", "labels", "traffic", "items", "targetRef", "sticky", "__proto__"],
        ),
        tie("value"),
      ),
    }));
    fc.assert(
      fc.property(
        broken.value,
        fc.constantFrom("metadata", "spec", "items", "status"),
        broken.value,
        (one, key, other) => {
          loadObjects([{ value: one }, { value: deployment("one", { [key]: other }) }, { value: other }]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("replaces any one part of a good deployment by anything without throwing", () => {
    const good = deployment("one");
    const parts: (readonly (string | number)[])[] = [];
    const visit = (value: unknown, path: readonly (string | number)[]): void => {
      parts.push(path);
      if (typeof value !== "object" || value === null) return;
      for (const [key, item] of Object.entries(value)) visit(item, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    visit(good, []);
    fc.assert(
      fc.property(fc.constantFrom(...parts), fc.jsonValue({ maxDepth: 2 }), (path, value) => {
        const changed = replaceAt(good, path, value);
        const { value: model, problems } = loadObjects([{ value: changed }]);
        const accepted = model.deployments.filter((one) => one.accepted).length;
        assert.ok(accepted === 1 || problems.length > 0);
      }),
      { numRuns: 500 },
    );
  });

  it("survives values that contain themselves or are very deep", () => {
    const cycle: Record<string, unknown> = deployment("one");
    cycle["status"] = cycle;
    const children: object[] = [];
    let deepest = children;
    for (let level = 0; level < 50_000; level += 1) {
      const next: object[] = [];
      deepest.push({ name: "n", children: next });
      deepest = next;
    }
    const deep = deployment("two", {}, { predictors: [{ name: "main", graph: { name: "n", children } }] });
    const { value, problems } = loadObjects([{ value: cycle }, { value: deep }]);
    assert.deepEqual(value.deployments, []);
    assert.deepEqual(
      problems.map((one) => [one.object, one.code]),
      [
        ["default/one", "TextTooLarge"],
        ["default/two", "TextTooLarge"],
      ],
    );
  });
});

function replaceAt(root: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (Array.isArray(root))
    return root.map((item: unknown, index) => (index === step ? replaceAt(item, rest, value) : item));
  const entries = Object.entries(root as object).map(([key, item]: [string, unknown]) => [
    key,
    key === step ? replaceAt(item, rest, value) : item,
  ]);
  return Object.fromEntries(entries);
}
