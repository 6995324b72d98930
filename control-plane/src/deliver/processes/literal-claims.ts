import { problem, type Problem } from "../../problem/problem.ts";
import type { DesiredContainer, DesiredPredictor } from "./desired.ts";

/** A deployment that asks for ports of this machine by number. */
export interface Claimant {
  readonly key: string;
  readonly predictors: readonly DesiredPredictor[];
}

const HINT =
  "write $(PREDICTIVE_UNIT_HTTP_SERVICE_PORT) or $(PREDICTIVE_UNIT_GRPC_SERVICE_PORT) in place of the number, and each gets a free port";

function literalsOf(claimant: Claimant): readonly { readonly port: number; readonly container: DesiredContainer }[] {
  return claimant.predictors
    .flatMap((one) => one.pods)
    .flatMap((pod) => pod.containers)
    .flatMap((container) => container.literalPorts.map((port) => ({ port, container })));
}

/** Every container that writes a port number which another container has; what runs already (`held`) comes first. */
export function findPortClashes(
  asking: readonly Claimant[],
  held: readonly Claimant[],
): ReadonlyMap<string, readonly Problem[]> {
  const owners = new Map<string, ReadonlyMap<number, DesiredContainer>>(held.map((one) => [one.key, portsOf(one)]));
  let clashes = new Map<string, readonly Problem[]>();
  let waiting = asking;
  // A deployment that gives a port up makes room for another: go on while someone new fits in.
  for (let before = -1; before !== waiting.length;) {
    before = waiting.length;
    clashes = new Map();
    waiting = waiting.filter((one) => {
      const problems = clashesOf(one, owners);
      if (problems.length === 0) owners.set(one.key, portsOf(one));
      else clashes.set(one.key, problems);
      return problems.length > 0;
    });
  }
  return clashes;
}

function portsOf(claimant: Claimant): ReadonlyMap<number, DesiredContainer> {
  return new Map(literalsOf(claimant).map(({ port, container }) => [port, container]));
}

function clashesOf(
  claimant: Claimant,
  owners: ReadonlyMap<string, ReadonlyMap<number, DesiredContainer>>,
): readonly Problem[] {
  const own = new Map<number, DesiredContainer>();
  return literalsOf(claimant).flatMap(({ port, container }) => {
    const foreign = [...owners].filter(([key]) => key !== claimant.key).map(([, ports]) => ports.get(port));
    const other = own.get(port) ?? foreign.find((one) => one !== undefined);
    if (other === undefined) {
      own.set(port, container);
      return [];
    }
    const message = `containers ${other.label} and ${container.label} both write port ${port} in their commands, and only one can have it`;
    return [
      problem("LocalPortClash", { object: claimant.key, path: `${container.path}.command`, message, hint: HINT }),
    ];
  });
}

/** The literal ports of a deployment that somebody else on this machine listens on. */
export async function findPortsInUse(
  claimant: Claimant,
  isOurs: (port: number) => boolean,
  isFree: (port: number) => Promise<boolean>,
): Promise<readonly Problem[]> {
  const found: Problem[] = [];
  for (const { port, container } of literalsOf(claimant)) {
    if (isOurs(port) || (await isFree(port))) continue;
    const message = `container ${container.label} writes port ${port} in its command, and another program listens on it`;
    const hint = `stop that program, or ${HINT}`;
    found.push(problem("LocalPortInUse", { object: claimant.key, path: `${container.path}.command`, message, hint }));
  }
  return found;
}
