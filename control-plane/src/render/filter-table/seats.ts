import { bucketCount } from "#proto/route-table/encode.ts";
import type { TableDeployment } from "#proto/route-table/model.ts";
import { HEADER_BYTES } from "#proto/vocabulary/table-layout.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";

/** A deployment as it stands in a table, the most bytes that it takes, and the plan that says so. */
export interface Seat {
  readonly plan: DeploymentPlan;
  readonly deployment: TableDeployment;
  readonly bytes: number;
}

/** The deployments of a table, one of a key, for as long as the table keeps its limit. */
export class Seats {
  readonly #taken = new Map<string, Seat>();
  readonly #limit: number;
  #bytes = HEADER_BYTES;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False, and nothing changed, when it has no room; of what stands there under its key it takes the place. */
  take(seat: Seat): boolean {
    const { key } = seat.plan;
    const before = this.#taken.get(key);
    const bytes = this.#bytes - (before?.bytes ?? 0) + seat.bytes;
    const count = this.#taken.size + (before === undefined ? 1 : 0);
    if (bytes + bucketCount(count) * 4 > this.#limit) return false;
    this.#bytes = bytes;
    this.#taken.set(key, seat);
    return true;
  }

  get(key: string): Seat | undefined {
    return this.#taken.get(key);
  }

  /** By key. */
  all(): readonly Seat[] {
    return [...this.#taken.values()].sort((a, b) => (a.plan.key < b.plan.key ? -1 : 1));
  }
}
