/** Sums across threads by shuffles, run by all threads of a workgroup in step: no device is needed. */
import { assert, assertEquals } from "@std/assert";
import { add, binary, buffer, constant, variable } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { reduceInSubgroups } from "../../lib/lower/reduce_in_subgroups.ts";

const acc = buffer("acc", [1], "f32", "local"), lane = variable("lane");

/** Runs statements for all threads in step, from their own values; gives the values that they end with. */
function run(statements: readonly Stmt[], start: readonly number[], slots: number): readonly number[] {
  let own = [...start];
  const red = new Array<number>(slots).fill(NaN);
  const valueOf = (e: Expr, t: number): number => {
    switch (e.kind) {
      case "const":
        return e.value;
      case "var":
        return t;
      case "load": {
        if (e.buffer === acc) return own[t] as number;
        const at = valueOf(e.indices[0] as Expr, t);
        assert(at >= 0 && at < slots, `slot ${at} of ${slots}`);
        return red[at] as number;
      }
      case "select": {
        // A device evaluates both, and may not read outside of the memory for either.
        const a = valueOf(e.a, t), b = valueOf(e.b, t);
        return valueOf(e.cond, t) !== 0 ? a : b;
      }
      case "call": {
        const [value, mask] = e.args as readonly [Expr, Expr];
        assert(e.op === "subgroupShuffleXor" && mask.kind === "const");
        const other = t ^ mask.value;
        assert(other < start.length, `thread ${other} of ${start.length}`);
        return valueOf(value, other);
      }
      case "binary": {
        const a = valueOf(e.a, t), b = valueOf(e.b, t);
        switch (e.op) {
          case "add":
            return a + b;
          case "mul":
            return a * b;
          case "min":
            return Math.min(a, b);
          case "max":
            return Math.max(a, b);
          case "floordiv":
            return Math.floor(a / b);
          case "floormod":
            return a - Math.floor(a / b) * b;
          case "eq":
            return +(a === b);
          case "lt":
            return +(a < b);
          default:
            throw new Error(`an unexpected ${e.op}`);
        }
      }
      default:
        throw new Error(`an unexpected ${e.kind}`);
    }
  };
  const step = (s: Stmt, threads: readonly number[]): void => {
    if (s.kind === "if") return step(s.then, threads.filter((t) => valueOf(s.cond, t) !== 0));
    assert(s.kind === "store", s.kind);
    const values = threads.map((t) => valueOf(s.value, t));
    if (s.buffer === acc) {
      const next = [...own];
      threads.forEach((t, k) => next[t] = values[k] as number);
      own = next;
    } else threads.forEach((t, k) => red[valueOf(s.indices[0] as Expr, t)] = values[k] as number);
  };
  for (const s of statements) step(s, start.map((_, t) => t));
  return own;
}

Deno.test("every thread ends with the total, for any clusters and any number of them", () => {
  for (const cluster of [1, 2, 4, 8, 16]) {
    for (let slots = 1; slots <= 20; slots++) {
      const lanes = cluster * slots;
      const red = buffer("red", [slots], "f32", "shared");
      // Each thread has a number of its own; a sum of them shows which were left out or came twice.
      const start = Array.from({ length: lanes }, (_, t) => 1 + (t * 37) % 101 + t / 1024);
      const ways = [
        { combine: (x: Expr, y: Expr) => add(x, y), identity: 0, total: start.reduce((a, b) => a + b) },
        { combine: (x: Expr, y: Expr) => binary("max", x, y), identity: -1e9, total: Math.max(...start) },
      ];
      for (const { combine, identity, total } of ways) {
        const statements = reduceInSubgroups({
          acc,
          red,
          slot: (k) => [k],
          lane,
          lanes,
          cluster,
          combine,
          identity: constant(identity, "f32"),
        });
        assertEquals(
          run(statements, start, slots),
          start.map(() => total),
          `${slots} clusters of ${cluster}`,
        );
      }
    }
  }
});
