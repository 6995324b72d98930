/** What a node can be asked for. */
export type Operation = "predict" | "transform-input" | "transform-output" | "route" | "aggregate" | "send-feedback";
