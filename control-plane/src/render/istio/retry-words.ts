/** What Istio takes in `retryOn` besides statuses; its webhook refuses every other word. */
const RETRY_CONDITIONS: ReadonlySet<string> = new Set([
  "5xx",
  "gateway-error",
  "reset",
  "reset-before-request",
  "connect-failure",
  "retriable-4xx",
  "refused-stream",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
]);

/** Whether a condition of Envoy may stand in `retryOn` of a VirtualService. */
export function isRetryCondition(word: string): boolean {
  return RETRY_CONDITIONS.has(word);
}
