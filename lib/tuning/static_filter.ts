import { type RefusalKind, staticRefusal } from "../estimate/static_refusal.ts";
import type { Target } from "../target/target.ts";
import type { SearchSpace } from "./search_space.ts";

/** Points that a search did not measure, by the reason. */
export type Dropped = Readonly<Record<RefusalKind, number>>;

/** Drops points that a target can't run well before they are measured, and counts them. The preset stays. */
export class StaticFilter {
  readonly #refused = new Map<number, RefusalKind | undefined>();

  constructor(readonly space: SearchSpace, readonly target: Target) {}

  /** Tells whether a search may measure the point. A point that the template refuses is not counted. */
  takes(index: number): boolean {
    const schedule = this.space.scheduleAt(index);
    if (!schedule) return false;
    if (index === this.space.preset) return true;
    if (!this.#refused.has(index)) {
      this.#refused.set(index, staticRefusal(schedule.func, this.target)?.kind);
    }
    return this.#refused.get(index) === undefined;
  }

  /** The dropped points so far, by the reason. */
  get dropped(): Dropped {
    const count = { spills: 0, idle: 0, exceeds: 0 };
    for (const kind of this.#refused.values()) if (kind) count[kind]++;
    return count;
  }
}
