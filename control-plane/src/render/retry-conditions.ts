/** What Seldon 1.17.1 retries. */
export const RETRY_ON = "gateway-error,connect-failure,refused-stream";
/** gRPC says "try again" by status UNAVAILABLE under HTTP 200. */
export const GRPC_RETRY_ON = `${RETRY_ON},unavailable`;
