import { isConst } from "./build.ts";
import type { Expr } from "./expr.ts";

/** How many elements these dimensions hold; undefined where one is symbolic. */
export function elementsOf(shape: readonly Expr[]): number | undefined {
  return shape.reduce<number | undefined>(
    (n, d) => n !== undefined && isConst(d) ? n * d.value : undefined,
    1,
  );
}
