import type { Unit } from "./unit.ts";

/** The units that run, and those on their way out. */
export class UnitPool {
  readonly #running = new Map<string, Unit>();
  readonly #leaving = new Map<Unit, Promise<void>>();
  readonly #releasePorts: (ports: readonly number[]) => void;

  constructor(releasePorts: (ports: readonly number[]) => void) {
    this.#releasePorts = releasePorts;
  }

  get(key: string): Unit | undefined {
    return this.#running.get(key);
  }

  add(unit: Unit): void {
    this.#running.set(unit.key, unit);
  }

  /** True while one of ours has the port, or is about to give it up. */
  holds(port: number): boolean {
    return [...this.#running.values(), ...this.#leaving.keys()].some((unit) => unit.held.includes(port));
  }

  /** Stops the running units that `leave` picks and resolves when they, and those that left earlier, are gone. */
  async vacate(ports: readonly number[], leave: (unit: Unit) => boolean): Promise<void> {
    const has = (unit: Unit): boolean => unit.held.some((port) => ports.includes(port));
    this.remove([...this.#running.values()].filter((unit) => has(unit) && leave(unit)));
    await Promise.all([...this.#leaving].filter(([unit]) => has(unit)).map(([, gone]) => gone));
  }

  /** Stops all units but those of `keys`. */
  keepOnly(keys: ReadonlySet<string>): void {
    this.remove([...this.#running.values()].filter((unit) => !keys.has(unit.key)));
  }

  /** Stops units: those that call others first, so that what is in flight can finish. */
  remove(units: readonly Unit[]): void {
    const callers = units.filter((unit) => unit.calls);
    const callersGone = Promise.all(callers.map((unit) => this.#leave(unit, Promise.resolve())));
    for (const unit of units) if (!unit.calls) void this.#leave(unit, callersGone);
  }

  /** Resolves when nothing is on its way out any more. */
  async idle(): Promise<void> {
    while (this.#leaving.size > 0) await Promise.all(this.#leaving.values());
  }

  #leave(unit: Unit, after: Promise<unknown>): Promise<void> {
    this.#running.delete(unit.key);
    const gone = after
      .then(() => unit.stop())
      .finally(() => {
        this.#leaving.delete(unit);
        this.#releasePorts(unit.held);
      });
    this.#leaving.set(unit, gone);
    return gone;
  }
}
