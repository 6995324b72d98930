/** Versions of one resource, by the revisions of everything in which they came. */
export interface VersionHistory {
  /** The resource is this from the revision on. Revisions never go back. */
  add(revision: number, version: string): void;
  /** Whether who has `version` has all that was in the resource at the revision. */
  covers(version: string, revision: number): boolean;
  /** The revision from which on something newer than `version` was wanted; undefined: it is the newest. */
  outdatedAt(version: string | undefined): number | undefined;
}

/** Who is further behind counts as having nothing. */
const REMEMBERED = 1000;

export function createVersionHistory(): VersionHistory {
  const entries: { readonly revision: number; readonly version: string }[] = [];
  const lastOf = (version: string | undefined): number => entries.findLastIndex((one) => one.version === version);
  return {
    add(revision, version) {
      if (entries.at(-1)?.version === version) return;
      entries.push({ revision, version });
      if (entries.length > REMEMBERED) entries.shift();
    },
    covers(version, revision) {
      const has = lastOf(version);
      return has >= 0 && has >= entries.findLastIndex((one) => one.revision <= revision);
    },
    outdatedAt: (version) => entries[lastOf(version) + 1]?.revision,
  };
}
