import type { ProblemCodeRow } from "./code-row.ts";

/** Codes of texts and objects that cannot be read as what they should be. */
export const READING_CODES = {
  TextNotYaml: {
    severity: "error",
    meaning: "A document is neither YAML nor JSON.",
    hint: "check the indentation, quotes and brackets at this place and just before it",
  },
  TextTooLarge: {
    severity: "error",
    meaning: "A file, document or object is larger or more deeply nested than the limits allow.",
    hint: "split it, or check for an alias that repeats itself many times",
  },
  TextEmpty: {
    severity: "warning",
    meaning: "A file holds no Kubernetes object.",
    hint: "check that it is the file you mean",
  },
  KeyDuplicate: {
    severity: "warning",
    meaning: "A key stands twice in the same map; kubectl sends the last one.",
    hint: "keep one of the two",
  },
  ObjectNotMap: {
    severity: "error",
    meaning: "A document is not a Kubernetes object.",
    hint: "an object is a map with apiVersion, kind, metadata and spec",
  },
  ObjectForeign: {
    severity: "error",
    meaning: "An object is none of Kubernetes: it has no apiVersion.",
    hint: "name manifests only, or add apiVersion: machinelearning.seldon.io/v1 and kind: SeldonDeployment",
  },
  KindMissing: {
    severity: "error",
    meaning: "An object does not say its apiVersion or its kind.",
    hint: "add apiVersion: machinelearning.seldon.io/v1 and kind: SeldonDeployment",
  },
  KindSkipped: {
    severity: "warning",
    meaning: "An object of a kind that is not read here was left out.",
    hint: "only SeldonDeployment and RoutePolicy are read",
  },
  KindUnknown: {
    severity: "error",
    meaning: "An object has a kind or version that its API group does not have.",
    hint: "use SeldonDeployment of machinelearning.seldon.io/v1, v1alpha2 or v1alpha3, or RoutePolicy of graphway.dev/v1alpha1",
  },
  NameMissing: {
    severity: "error",
    meaning: "An object has no metadata.name.",
    hint: "give it a name",
  },
  NameInvalid: {
    severity: "error",
    meaning: "A name, namespace or label of the object's metadata is one that Kubernetes refuses.",
    hint: "use lower-case letters, digits and -, beginning and ending with a letter or digit",
  },
  ObjectDuplicate: {
    severity: "error",
    meaning: "Two objects of the same kind have the same namespace and name.",
    hint: "remove or rename one of them",
  },
  FieldMissing: {
    severity: "error",
    meaning: "A required field is missing.",
    hint: "add the field",
  },
  FieldWrong: {
    severity: "error",
    meaning: "A field has a value of the wrong type or form.",
    hint: "write the value as the message says",
  },
  FieldUnknown: {
    severity: "warning",
    meaning:
      "The schema has no such field; Kubernetes drops it in silence, unless the client asks it to refuse (kubectl 1.25 and later). In the spec of a RoutePolicy it is an error.",
    hint: "check the spelling and the place of the field",
  },
  GraphTooDeep: {
    severity: "error",
    meaning: "A graph has more levels of children than the limit, which is that of the CustomResourceDefinition.",
    hint: "make the graph flatter",
  },
} as const satisfies Record<string, ProblemCodeRow>;
