/** What tuners are worth on spaces of real GPUs, beside Kernel Tuner's strategies on the same spaces. */
import { textOf } from "../../lib/notebook/tables.ts";
import type { MeasuredSpace } from "../../lib/records/measured_space.ts";
import { type Contestant, meanShare, type Run, run } from "./tuners.ts";

/** Trials at which searches are compared. */
export const REAL_MARKS = [25, 50, 100, 200] as const;

/** Mean shares of the best at the marks: over spaces, and of each space by its name. */
export interface RealResult {
  readonly mean: readonly number[];
  readonly bySpace: ReadonlyMap<string, readonly number[]>;
}

/** Runs a tuner from scratch on every space, once for each seed. */
export function searchReal(
  spaces: ReadonlyMap<string, MeasuredSpace>,
  contestant: Contestant,
  seeds: readonly number[],
): RealResult {
  const bySpace = new Map([...spaces].map(([name, space]): [string, readonly number[]] => {
    const runs = seeds.map((seed): Run => run(space, contestant, { seed, trials: REAL_MARKS[3] }));
    return [name, REAL_MARKS.map((m) => meanShare(runs, m))];
  }));
  const mean = REAL_MARKS.map((_, i) =>
    [...bySpace.values()].reduce((sum, shares) => sum + (shares[i] ?? 0), 0) / bySpace.size
  );
  return { mean, bySpace };
}

/** Kernel Tuner's strategies by name: the mean over spaces at the marks. The table has space, strategy, trials, share. */
export function strategiesOf(csv: string): ReadonlyMap<string, readonly number[]> {
  const rows = csv.trim().split("\n").slice(1).map((line) => line.split(","));
  return new Map(
    [...Map.groupBy(rows, ([, strategy = ""]) => strategy)].map(([strategy, own]) => [
      strategy,
      REAL_MARKS.map((mark) => {
        const shares = own.filter(([, , trials]) => Number(trials) === mark).map(([, , , share]) =>
          Number(share)
        );
        return shares.reduce((a, b) => a + b, 0) / shares.length;
      }),
    ]),
  );
}

/** The best of Kernel Tuner's strategies at each mark. */
export function bestStrategy(strategies: ReadonlyMap<string, readonly number[]>): readonly number[] {
  return REAL_MARKS.map((_, i) => Math.max(...[...strategies.values()].map((shares) => shares[i] ?? 0)));
}

/** A table: a row for each tuner, and Kernel Tuner's best at each mark. */
export function realTable(
  results: ReadonlyMap<string, RealResult>,
  strategies: ReadonlyMap<string, readonly number[]>,
): string {
  const row = (name: string, shares: readonly number[]) => [name, ...shares.map((s) => s.toFixed(3))];
  return textOf([
    ["mean share of the best, from scratch", ...REAL_MARKS.map((m) => `${m} trials`)],
    ...[...results].map(([tuner, { mean }]) => row(tuner, mean)),
    row("Kernel Tuner 1.4's best at each", bestStrategy(strategies)),
  ]);
}
