import { createResourceStore } from "../xds-server/resource-store.ts";
import { startXdsServer } from "../xds-server/server.ts";
import { createRefusals, type Refusals } from "./refusals.ts";
import { createRollout, type Rollout } from "./rollout.ts";

export interface ServedRolloutOptions {
  /** Path of the socket by which an Envoy connects. */
  readonly socket: string;
  /** Nobody is answered before it resolves; default: at once. */
  readonly ready?: Promise<unknown>;
  /** Told when what is refused changes. */
  readonly onRefusals: () => void;
}

/** A rollout to the Envoys of a socket, and what they refuse of it. */
export interface ServedRollout {
  readonly rollout: Rollout;
  readonly refusals: Refusals;
  readonly close: () => Promise<void>;
}

export async function serveRollout({ socket, ready, onRefusals }: ServedRolloutOptions): Promise<ServedRollout> {
  const store = createResourceStore();
  const refusals = createRefusals(onRefusals);
  const server = await startXdsServer({
    address: `unix:${socket}`,
    store,
    ...(ready === undefined ? {} : { ready }),
    onEvent: (event) => {
      refusals.onEvent(event);
    },
  });
  const rollout = createRollout({
    delivery: {
      apply: (changes) => {
        store.apply(changes);
      },
      whenAnswered: (...args) => server.whenAnswered(...args),
      isRefused: () => refusals.problems().length > 0,
    },
    tableIntervalMs: 0,
    onPruned: () => undefined,
  });
  return {
    rollout,
    refusals,
    close: async () => {
      rollout.close();
      await server.close();
    },
  };
}
