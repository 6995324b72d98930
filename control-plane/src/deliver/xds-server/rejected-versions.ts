/** Versions a client refused, remembered so that they are not sent again. The oldest are forgotten. */
export interface RejectedVersions {
  add(name: string, version: string): void;
  has(name: string, version: string): boolean;
  forget(name: string): void;
  /** Forgets every name that is not kept. */
  forgetUnless(keep: (name: string) => boolean): void;
}

const REMEMBERED_PER_NAME = 8;
const REMEMBERED_NAMES = 1000;

export function createRejectedVersions(): RejectedVersions {
  const byName = new Map<string, readonly string[]>();
  return {
    add(name, version) {
      const others = (byName.get(name) ?? []).filter((one) => one !== version);
      byName.delete(name); // a map keeps its order: the newest name stands last
      byName.set(name, [...others, version].slice(-REMEMBERED_PER_NAME));
      const [oldest] = byName.keys();
      if (byName.size > REMEMBERED_NAMES && oldest !== undefined) byName.delete(oldest);
    },
    has: (name, version) => byName.get(name)?.includes(version) ?? false,
    forget: (name) => byName.delete(name),
    forgetUnless(keep) {
      for (const name of byName.keys()) if (!keep(name)) byName.delete(name);
    },
  };
}
