/** The orders that some loops may take. */
import { SpaceError } from "./error.ts";
import type { OrderPolicy } from "./knobs.ts";

/** The maximum number of candidates of one knob. */
const MOST = 5040;

/**
 * The orders of `loops` that the policy allows, each once. Policies are AutoTVM's.
 *
 * @throws {SpaceError} where loops are named twice, the policy names others, or there are more than 5040 orders
 */
export function ordersOf(
  name: string,
  loops: readonly string[],
  options: OrderPolicy,
): readonly (readonly string[])[] {
  const refuse = (why: string) =>
    new SpaceError(`cannot declare order ${name} of ${loops.join(", ")}: ${why}`);
  if (new Set(loops).size !== loops.length) throw refuse("a loop comes twice; name each once");
  const isOrder = (order: readonly string[]) =>
    order.length === loops.length && new Set(order).size === loops.length &&
    order.every((l) => loops.includes(l));
  switch (options.policy) {
    case "all":
      if (countPermutations(loops.length) > MOST) throw refuse(`more than ${MOST} orders; give an interval`);
      return permutations(loops);
    case "interval": {
      const [from, to] = options.interval;
      if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from < to && to <= loops.length)) {
        throw refuse(`interval [${from}, ${to}) is none of places 0 to ${loops.length}`);
      }
      if (countPermutations(to - from) > MOST) {
        throw refuse(`more than ${MOST} orders; give a shorter interval`);
      }
      return permutations(loops.slice(from, to)).map((p) => [
        ...loops.slice(0, from),
        ...p,
        ...loops.slice(to),
      ]);
    }
    case "interleave": {
      const { chains } = options;
      if (!isOrder(chains.flat())) throw refuse(`its chains are ${show(chains)}; they hold each loop once`);
      const merged = chains.reduce<readonly (readonly string[])[]>(
        (orders, chain) => {
          const next = orders.flatMap((o) => merges(o, chain));
          if (next.length > MOST) throw refuse(`more than ${MOST} orders; give fewer or shorter chains`);
          return next;
        },
        [[]],
      );
      return merged;
    }
    case "candidates": {
      const { candidates } = options;
      if (candidates.length === 0 || !candidates.every(isOrder)) {
        throw refuse(`its candidates are ${show(candidates) || "none"}; each holds each loop once`);
      }
      if (new Set(candidates.map((c) => c.join())).size !== candidates.length) {
        throw refuse("a candidate comes twice; give each once");
      }
      return candidates;
    }
    default:
      return options satisfies never;
  }
}

function show(lists: readonly (readonly string[])[]): string {
  return lists.map((l) => `[${l.join(", ")}]`).join(", ");
}

function countPermutations(n: number): number {
  return n <= 1 ? 1 : n * countPermutations(n - 1);
}

function permutations(list: readonly string[]): readonly (readonly string[])[] {
  if (list.length <= 1) return [list];
  return list.flatMap((first, i) => permutations(list.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

/** All lists that hold both, each in its order. */
function merges(a: readonly string[], b: readonly string[]): readonly (readonly string[])[] {
  const [x, y] = [a[0], b[0]];
  if (x === undefined || y === undefined) return [[...a, ...b]];
  return [
    ...merges(a.slice(1), b).map((m) => [x, ...m]),
    ...merges(a, b.slice(1)).map((m) => [y, ...m]),
  ];
}
