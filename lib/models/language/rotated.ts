/** Rotary positions from a table: cosines and sines that the host computes in double precision. */
import { add, floorMod, lt, mul, select, sub } from "../../ir/build.ts";
import { constant } from "../../ir/build.ts";
import type { Expr } from "../../ir/expr.ts";
import type { Tensor } from "../../te/tensor.ts";
import type { RopeFrequencies } from "../config/rope.ts";

/**
 * Rotates element `d` of a head at a position; `x` gives the head's elements in f32. The table f32[positions, dim] has the
 * cosines of a position in its first half, and the sines in its second. Elements past `dim` stay.
 */
export function rotated(
  table: Tensor,
  dim: number,
  headDim: number,
  { position, d, x }: { readonly position: Expr; readonly d: Expr; readonly x: (d: Expr) => Expr },
): Expr {
  const half = dim / 2, pair = floorMod(d, half);
  const other = select(lt(d, half), sub(constant(0, "f32"), x(add(d, half))), x(sub(d, half)));
  const both = add(mul(x(d), table.at(position, pair)), mul(other, table.at(position, add(pair, half))));
  return dim === headDim ? both : select(lt(d, dim), both, x(d));
}

/** The table of {@linkcode rotated} for the positions below `positions`. */
export function ropeTable(
  { frequencies, magnitude }: RopeFrequencies,
  positions: number,
): Float32Array<ArrayBuffer> {
  const half = frequencies.length, table = new Float32Array(positions * 2 * half);
  for (let p = 0; p < positions; p++) {
    frequencies.forEach((f, k) => {
      table[p * 2 * half + k] = Math.cos(p * f) * magnitude;
      table[p * 2 * half + half + k] = Math.sin(p * f) * magnitude;
    });
  }
  return table;
}
