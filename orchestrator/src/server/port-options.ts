import type { ServerTls } from "../tls/server-tls.ts";

/** How one of the two ports is opened. */
export interface PortOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Other processes may listen on the same port; the kernel deals connections out among them. */
  readonly reusePort: boolean;
  /** Undefined: no TLS. */
  readonly tls: ServerTls | undefined;
  /** More connections than this are closed at once; 0 is no limit. */
  readonly maxConnections: number;
}
