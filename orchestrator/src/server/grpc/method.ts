import type { ServerCall } from "./server-call.ts";
import type { StreamCall } from "./stream-call.ts";

/** How a method is served. Messages are bytes both ways; what is thrown becomes the call's status. */
export type Method = UnaryMethod | StreamMethod;

/** One message in, one out. */
export interface UnaryMethod {
  readonly kind: "unary";
  answer(call: ServerCall, message: Buffer): Promise<Buffer>;
}

/** Messages come and go as they like; the call ends well when `run` is done. */
export interface StreamMethod {
  readonly kind: "stream";
  run(call: StreamCall): Promise<void>;
}

/** Methods by their name within a service. */
export type Service = Readonly<Record<string, Method>>;

/** Services by their full name. */
export type Services = ReadonlyMap<string, Service>;

/** A method, or what Go's server says of one that isn't there. */
export function findMethod(services: Services, path: string): Method | string {
  const slash = path.lastIndexOf("/");
  if (path.charCodeAt(0) !== SLASH || slash <= 0) return `malformed method name: ${JSON.stringify(path)}`;
  const serviceName = path.slice(1, slash);
  const methodName = path.slice(slash + 1);
  const service = services.get(serviceName);
  if (service === undefined) return `unknown service ${serviceName}`;
  const method = Object.hasOwn(service, methodName) ? service[methodName] : undefined;
  return method ?? `unknown method ${methodName} for service ${serviceName}`;
}

const SLASH = 0x2f;
