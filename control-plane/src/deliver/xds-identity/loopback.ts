import { isIP } from "node:net";

/**
 * True for 127.0.0.0/8 and ::1, also in IPv6's writing of IPv4, and for ::6, which an Istio sidecar calls its own pod from (127.0.0.6
 * with IPv4): nothing outside the pod is answered there.
 */
export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return plain === "::1" || plain === "::6" || (isIP(plain) === 4 && plain.startsWith("127."));
}
