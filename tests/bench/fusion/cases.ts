import { convolutions } from "./convolutions.ts";
import type { FusionCase, Sizes } from "./case.ts";
import { maps } from "./maps.ts";
import { linears, products } from "./products.ts";
import { rowCases } from "./rows.ts";

/** Every case at some sizes. */
export function fusionCases(sizes: Sizes): readonly FusionCase[] {
  return [linears, products, convolutions, rowCases, maps].flatMap((make) => make(sizes));
}
