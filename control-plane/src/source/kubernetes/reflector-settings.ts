import type { BackOff } from "../../kubernetes-api/back-off.ts";

/** Times and sizes of a reflector. */
export interface ReflectorSettings {
  /** Objects per page of a listing. */
  readonly pageSize: number;
  /** The server is asked to end a watch after a time between these. */
  readonly watchSecondsLeast: number;
  readonly watchSecondsMost: number;
  /** A watch that says nothing for so long may be dead: the server is asked how far it is, and the watch opened anew. */
  readonly idleMs: number;
  readonly backOff: BackOff;
  /** How often a kind that the server does not know is looked for. */
  readonly unservedCheckMs: number;
}

export const REFLECTOR_SETTINGS: ReflectorSettings = {
  pageSize: 500,
  watchSecondsLeast: 240,
  watchSecondsMost: 300,
  idleMs: 150_000,
  backOff: { firstMs: 500, longestMs: 30_000 },
  unservedCheckMs: 60_000,
};

/** What a reflector has done so far; counts only grow. */
export interface ReflectorCounters {
  /** Objects that are known now. */
  objects: number;
  /** False while the server does not know the kind. */
  served: boolean;
  lists: number;
  /** Listings after the first: history was lost. */
  relists: number;
  watches: number;
  events: number;
  bookmarks: number;
  errors: number;
  /** Watches that fell silent. */
  stalls: number;
  /** When the server was last heard of, in milliseconds since the epoch; 0: never. */
  lastHeardMs: number;
}
