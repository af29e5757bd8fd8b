/** Index maps that fit, picked by numbers. */
import type { Expr } from "../../lib/ir/expr.ts";
import type { IndexMap } from "../../lib/schedule/index_map.ts";

/** The permutation of `list` with number `n`. */
export function permuted<T>(list: readonly T[], n: number): readonly T[] {
  if (list.length < 2) return list;
  const k = n % list.length;
  return [list[k] as T, ...permuted(list.toSpliced(k, 1), Math.floor(n / list.length))];
}

/** A map of a box of these `extents`; it fuses only dimensions of one of the `types`. */
export function indexMapOf(
  extents: readonly Expr[],
  what: number,
  how: number,
  types: readonly string[] = [],
): IndexMap {
  const split = extents.map((extent, d) => {
    if (extent.kind !== "const" || (what + d) % 3 === 0) return [];
    const factors = [1, 2, 3, 4, 5].filter((f) => extent.value % f === 0);
    return [factors[(how + d) % factors.length] as number];
  });
  const typeOf = split.flatMap((factors, d) => Array.from({ length: factors.length + 1 }, () => types[d]));
  const order: number[][] = [];
  for (const k of permuted([...typeOf.keys()], what * 5 + how)) {
    const last = order.at(-1);
    if (last && (how + order.length) % 3 === 0 && typeOf[last[0] as number] === typeOf[k]) last.push(k);
    else order.push([k]);
  }
  return { split, order: order.map((g) => g.length === 1 ? g[0] as number : g) };
}
