/** A running gRPC server, whatever it is built on. */
export interface GrpcPort {
  /** The bound port. */
  readonly port: number;
  /** Health answers NOT_SERVING from now on; everything else is served. */
  drain(): void;
  /** Takes no new calls and waits for those in flight. True when all ended within the time. */
  close(timeoutMs: number): Promise<boolean>;
}
