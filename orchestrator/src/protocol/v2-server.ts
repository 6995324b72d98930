/** What a V2 client hears of the server itself (ServerMetadata, GET /v2). */
export const V2_SERVER = { name: "graphway", version: "0.1.0", extensions: ["binary_tensor_data"] } as const;
