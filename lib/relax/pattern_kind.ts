/**
 * How the elements of a function's results depend on those of its inputs: Relax's OpPatternKind (TVM,
 * include/tvm/relax/op_attr_types.h), from what is fused most easily to what is not.
 *
 * - `elementWise`: an element depends on the input's at the same position
 * - `broadcast`: some dimensions are repeated
 * - `injective`: an element depends on one of the input, at another position
 * - `commReduce`: a sum or another reduction of one input's elements
 * - `outEWiseFusable`: a product or convolution, whose result an element-wise function may follow in the same kernel
 * - `opaque`: anything else
 */
export type PatternKind =
  | "elementWise"
  | "broadcast"
  | "injective"
  | "commReduce"
  | "outEWiseFusable"
  | "opaque";

/** The kinds in order. */
export const PATTERN_KINDS: readonly PatternKind[] = [
  "elementWise",
  "broadcast",
  "injective",
  "commReduce",
  "outEWiseFusable",
  "opaque",
];

/** Gives the kind of two of them together: the later one. */
export function laterKind(a: PatternKind, b: PatternKind): PatternKind {
  return PATTERN_KINDS.indexOf(a) < PATTERN_KINDS.indexOf(b) ? b : a;
}

/** Tells whether a kind comes before another or is the same. */
export function isUpTo(a: PatternKind, b: PatternKind): boolean {
  return PATTERN_KINDS.indexOf(a) <= PATTERN_KINDS.indexOf(b);
}
