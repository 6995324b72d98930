/** Sizes of request bodies. */
export const SIZES = { "30B": 30, "10kB": 10_000, "200kB": 200_000, "1MB": 1_000_000 } as const;
export type Size = keyof typeof SIZES;

export type Transport = "rest" | "grpc";
export type Protocol = "seldon" | "v2" | "tensorflow";
export type Shape = "single" | "chain" | "combiner" | "router";
