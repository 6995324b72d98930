import type { TableDeployment } from "./model.ts";
import { type TablePart, writePart } from "./table-writer.ts";

/** One deployment of so many ends a part. A power of two. */
const MEAN_LENGTH = 32;

interface Known {
  readonly deployments: readonly TableDeployment[];
  readonly part: TablePart;
}

/** The last part that a deployment was the first of. */
const known = new WeakMap<TableDeployment, Known>();

/**
 * Whether a part ends with this key. The key alone says so: who comes or goes makes one part anew, and moves no deployments between
 * the others. However uneven the parts are, a table says the same. All of the key counts (FNV-1a), as one name may be in many namespaces.
 */
function endsPart(key: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((Math.imul(hash, 0x9e3779b1) >>> 16) & (MEAN_LENGTH - 1)) === 0;
}

/** The parts of a table of these deployments, which are sorted by key. One in which nothing is new is the very same as before. */
export function partsOf(deployments: readonly TableDeployment[]): readonly TablePart[] {
  const parts: TablePart[] = [];
  let start = 0;
  deployments.forEach(({ key }, index) => {
    if (!endsPart(key) && index < deployments.length - 1) return;
    parts.push(partOf(deployments.slice(start, index + 1)));
    start = index + 1;
  });
  return parts;
}

function partOf(deployments: readonly TableDeployment[]): TablePart {
  const [first] = deployments;
  const before = first && known.get(first);
  const isSame =
    before?.deployments.length === deployments.length &&
    before.deployments.every((one, index) => one === deployments[index]);
  if (isSame) return before.part;
  const part = writePart(deployments);
  if (first !== undefined) known.set(first, { deployments, part });
  return part;
}
