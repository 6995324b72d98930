import { CUSTOM_RESOURCE_DEFINITIONS } from "../schema/crd/definitions.ts";
import { renderCompactYaml } from "./compact-yaml.ts";

/** A file of the Helm chart. */
export interface CrdFile {
  readonly name: string;
  readonly text: string;
}

/** Where the files belong. */
export const CRD_FOLDER = new URL("../../../../deploy/helm/graphway/files/crds/", import.meta.url);

/** Each CustomResourceDefinition as YAML, in a file named like it. */
export function renderCrdFiles(): readonly CrdFile[] {
  return CUSTOM_RESOURCE_DEFINITIONS.map((definition) => ({
    name: `${definition.metadata.name}.yaml`,
    text: `# Written by control-plane/src/model/scripts/write-crds.ts.\n${renderCompactYaml(definition)}`,
  }));
}
