import type { Kind } from "../base/check_options.ts";
import { oneOf } from "../base/option_kinds.ts";
import type { StoredType } from "../ir/dtype.ts";

/** The kind of an option that is a stored type. */
export const storedType: Kind<StoredType> = oneOf("i8", "u8", "bf16");
