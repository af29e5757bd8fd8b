/** Packed weights of a model as floats: what a device decodes as it goes. */
import type { ModelConfig } from "../../../lib/models/config/model_config.ts";
import { weightName } from "../../../lib/models/language/weight_values.ts";
import { parametersOf } from "../../../lib/models/parameters/parameter.ts";
import type { Inputs } from "../../../lib/runtime/arguments.ts";

/** The weights by the names of a graph whose matrices aren't packed, all in f32. */
export function decoded(packed: Inputs, config: ModelConfig): Inputs {
  const floats: Record<string, Inputs[string]> = {};
  for (const [name, data] of Object.entries(packed)) {
    if (/_q_(weight|scale)$/.test(name)) continue;
    floats[name] = Float32Array.from(data as Float32Array);
  }
  for (const { name, kind, shape } of parametersOf(config)) {
    if (kind !== "matrix") continue;
    const words = packed[weightName(name.replace(/weight$/, "q_weight"))] as Uint32Array;
    const scales = packed[weightName(name.replace(/weight$/, "q_scale"))] as Float16Array;
    const [rows = 0, columns = 0] = shape, groups = Math.ceil(columns / 32);
    const perRow = words.length / rows, bits = perRow / groups === 4 ? 4 : 8, each = 32 / bits;
    floats[weightName(name)] = Float32Array.from({ length: rows * columns }, (_, at) => {
      const i = Math.floor(at / columns), j = at % columns;
      const word = words[i * perRow + Math.floor(j / each)] as number;
      const integer = (word >>> (j % each * bits)) & (2 ** bits - 1);
      return (integer - (2 ** (bits - 1) - 1)) * (scales[i * groups + Math.floor(j / 32)] as number);
    });
  }
  return floats;
}
