import type { SubscriptionOptions, Subscription } from "./graph-subscription.ts";

/** How long a start waits for the control plane before it takes the local graph. */
const START_TIMEOUT_MS = 2000;

/** Subscribes to the graph and waits for the first one, though not long. */
export async function startSubscription(options: SubscriptionOptions): Promise<Subscription> {
  const { subscribeToGraph } = await import("./graph-subscription.ts");
  const subscription = subscribeToGraph(options);
  const timeout = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    timeout.resolve(undefined);
  }, START_TIMEOUT_MS);
  await Promise.race([subscription.firstGraph, timeout.promise]);
  clearTimeout(timer);
  return subscription;
}
