/** What a node says of itself; any field may be missing. */
export interface NodeMetadata {
  readonly name?: unknown;
  readonly platform?: unknown;
  readonly versions?: unknown;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
  readonly custom?: unknown;
}

/** The answer of GET /api/v1.0/metadata. */
export interface GraphMetadata {
  readonly name: string;
  readonly models: Readonly<Record<string, NodeMetadata>>;
  readonly graphinputs: unknown;
  readonly graphoutputs: unknown;
}
