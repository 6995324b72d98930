/** Versions a client refused, remembered so that they are not sent again. The oldest of a name are forgotten. */
export interface RejectedVersions {
  add(name: string, version: string): void;
  has(name: string, version: string): boolean;
  forget(name: string): void;
}

const REMEMBERED_PER_NAME = 8;

export function createRejectedVersions(): RejectedVersions {
  const byName = new Map<string, readonly string[]>();
  return {
    add(name, version) {
      const others = (byName.get(name) ?? []).filter((one) => one !== version);
      byName.set(name, [...others, version].slice(-REMEMBERED_PER_NAME));
    },
    has: (name, version) => byName.get(name)?.includes(version) ?? false,
    forget: (name) => byName.delete(name),
  };
}
