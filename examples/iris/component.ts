import type { Table } from "./payload.ts";

/** What a node tells of itself beside its numbers. */
export interface Answer {
  readonly rows: Table["rows"];
  /** One name per column. */
  readonly names: readonly string[];
}

/** One node of a graph: the methods that it has. Each throws BadData for a request that it can't work with. */
export interface Component {
  readonly predict?: (rows: Table["rows"]) => Answer;
  readonly transformInput?: (rows: Table["rows"]) => Answer;
  /** The index of the child to go on with. */
  readonly route?: (rows: Table["rows"]) => number;
  /** One table per child, in their order. */
  readonly aggregate?: (tables: readonly Table["rows"][]) => Answer;
  /** The branch that a router took, or -1; the reward of the request. */
  readonly learn?: (branch: number, reward: number) => void;
  /** Added to the tags of every answer. */
  readonly tags: () => Readonly<Record<string, string | number>>;
}

/** A graph parameter, as PREDICTIVE_UNIT_PARAMETERS lists them. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}
