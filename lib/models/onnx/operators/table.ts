/** The operators of ONNX that become operators of graphs: one table. */
import { ARITHMETIC } from "./arithmetic.ts";
import { CONTRIBUTED } from "./contributed.ts";
import { CONVOLUTIONS } from "./convolutions.ts";
import { FUNCTIONS } from "./functions.ts";
import { GENERATORS } from "./generators.ts";
import { INDEXING } from "./indexing.ts";
import { LOSSES } from "./losses.ts";
import { NORMS } from "./norms.ts";
import { POOLS } from "./pools.ts";
import { PRODUCTS } from "./products.ts";
import { QUANTIZATION } from "./quantization.ts";
import { RESIZES } from "./resize.ts";
import { RECURRENCES } from "./recurrences.ts";
import { REDUCTION_OPERATORS } from "./reductions.ts";
import { SAMPLING } from "./sampling.ts";
import { SHAPES } from "./shapes.ts";
import type { Importers } from "./operator.ts";

/** Operators by their names: those of ONNX's own set bare, others after the set's name and a dot. */
export const ONNX_OPERATORS: Importers = {
  ...ARITHMETIC,
  ...FUNCTIONS,
  ...SHAPES,
  ...REDUCTION_OPERATORS,
  ...PRODUCTS,
  ...CONVOLUTIONS,
  ...POOLS,
  ...NORMS,
  ...INDEXING,
  ...LOSSES,
  ...QUANTIZATION,
  ...RESIZES,
  ...SAMPLING,
  ...GENERATORS,
  ...CONTRIBUTED,
  ...RECURRENCES,
};
