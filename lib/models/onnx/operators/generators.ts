/** Operators that make signals of a known length. */
import { elementTypeOf } from "../element_types.ts";
import { knownItem } from "../item.ts";
import type { Importer, Importers } from "./operator.ts";

/** A window is a sum of cosines, with these factors. */
const window = (...factors: readonly number[]): Importer => (node, inputs) => {
  const size = node.number(inputs, 0, "the size") ?? 0, code = node.int("output_datatype", 1);
  const type = elementTypeOf(code) ?? node.fail("a type of numbers", `${code}`);
  if (!(size >= 1 && size <= 2 ** 20)) node.fail("a size from 1 to 2^20", `${size}`);
  const period = node.flag("periodic", true) ? size : size - 1;
  const element = (n: number) =>
    factors.reduce((sum, a, k) => sum + a * Math.cos(2 * Math.PI * k * n / period), 0);
  return knownItem(type, [size], Float64Array.from({ length: size }, (_, n) => element(n)));
};

/** Generators. */
export const GENERATORS: Importers = {
  HannWindow: window(0.5, -0.5),
  HammingWindow: window(25 / 46, -21 / 46),
  BlackmanWindow: window(0.42, -0.5, 0.08),
};
