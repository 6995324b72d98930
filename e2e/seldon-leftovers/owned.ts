import type { Fields } from "../runner/kube.ts";
import type { Resource } from "./defaults.ts";

type Texts = Readonly<Record<string, string>>;

/** An object of a SeldonDeployment. */
export function owned(
  { name: owner, namespace, uid }: Resource,
  apiVersion: string,
  kind: string,
  named: { readonly name: string; readonly labels?: Texts; readonly annotations?: Texts },
  content: Fields,
): Fields {
  const reference = {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    name: owner,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
  return { apiVersion, kind, metadata: { ...named, namespace, ownerReferences: [reference] }, ...content };
}
