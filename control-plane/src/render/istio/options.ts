/** Settings of the Istio objects. Names in capitals are Seldon's variables. */
export interface IstioOptions {
  /** ISTIO_TLS_MODE: TLS towards the predictors; empty leaves it to the mesh. */
  readonly tlsMode: string;
  /** An unused connection to a predictor is closed after this. */
  readonly idleTimeoutMs: number;
}

/** What holds unless the operator says otherwise. */
export const DEFAULT_ISTIO_OPTIONS: IstioOptions = { tlsMode: "", idleTimeoutMs: 60_000 };

/** What Istio knows; Seldon 1.17.1 turns everything else into DISABLE without a word. */
export const TLS_MODES: readonly string[] = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"];
