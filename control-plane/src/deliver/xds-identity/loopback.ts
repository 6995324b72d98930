import { isIP } from "node:net";

/** True for 127.0.0.0/8 and ::1, also in IPv6's writing of IPv4. */
export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}
