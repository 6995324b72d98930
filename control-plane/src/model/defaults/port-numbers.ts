/** Gives each container name its number; a name seen before keeps it. */
export interface PortNumbers {
  numberOf(containerName: string): number;
}

/** Numbers from `first` up, one per name, across all predictors of a deployment. */
export function portNumbers(first: number): PortNumbers {
  const known = new Map<string, number>();
  let next = first;
  return {
    numberOf(containerName) {
      const number = known.get(containerName) ?? next;
      if (!known.has(containerName)) {
        known.set(containerName, number);
        next += 1;
      }
      return number;
    },
  };
}
