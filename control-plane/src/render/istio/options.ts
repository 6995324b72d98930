/** Settings of the Istio objects. Names in capitals are Seldon's variables. */
export interface IstioOptions {
  /** ISTIO_TLS_MODE: TLS towards the predictors; empty leaves it to the mesh. */
  readonly tlsMode: string;
  /** An unused connection to a predictor is closed after this. */
  readonly idleTimeoutMs: number;
  /**
   * True: every predictor has entries of its own that the filter chooses by a header, before Seldon's. False, where the
   * filter is not installed: Seldon's entries and those of feedback alone, and no client can choose by the header.
   */
  readonly namedEntries: boolean;
}

/** What holds unless the operator says otherwise. */
export const DEFAULT_ISTIO_OPTIONS: IstioOptions = { tlsMode: "", idleTimeoutMs: 60_000, namedEntries: true };

/** What Istio knows; Seldon 1.17.1 turns everything else into DISABLE without a word. */
export const TLS_MODES: readonly string[] = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"];
