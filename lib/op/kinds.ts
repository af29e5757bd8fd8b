/** The kinds of options that several operators have. */
import type { Kind } from "../base/check_options.ts";
import { name, oneOf } from "../base/option_kinds.ts";

export { dimension, extent } from "../te/dimension.ts";
export {
  scalarTypeKind as scalarType,
  storageTypeKind as storageType,
  storedTypeKind as storedType,
} from "../ir/kinds.ts";
export { tensorKind as tensor } from "../te/tensor.ts";

/** The kind of an option that is a float type. */
export const floatType: Kind<"f32" | "f16"> = oneOf("f32", "f16");

/** What every composable operator can be told about its result. */
export interface ResultOptions {
  /** The name of the tensor that the operator returns. The default is the parameter's name in the operator's program. */
  readonly name?: string;
}

/** The kinds of {@linkcode ResultOptions}. */
export const RESULT = { name } as const;
