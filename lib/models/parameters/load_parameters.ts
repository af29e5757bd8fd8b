import { checkArgument, checkOptions, type Fields } from "../../base/check_options.ts";
import { aFunction, having, instanceOf, oneOf, withFields } from "../../base/option_kinds.ts";
import type { ModelConfig } from "../config/model_config.ts";
import { ModelError } from "../error.ts";
import type { WeightArray, WeightSource } from "../weights/weight_source.ts";
import { arraysOf, type Parameter, type ParameterArray, parametersOf, quantizedName } from "./parameter.ts";
import { GROUP, type Quantization, QUANTIZATION_NAMES, QUANTIZATIONS } from "./quantization.ts";
import { quantizeRows } from "./quantize_rows.ts";

/** What has been loaded. */
export interface LoadProgress {
  /** The parameter that has been loaded last. */
  readonly parameter: string;
  /** Parameters that have been loaded. */
  readonly loaded: number;
  /** All parameters. */
  readonly parameters: number;
  /** Bytes that have been read from files. */
  readonly bytes: number;
  /** Bytes of all tensors in the files. */
  readonly allBytes: number;
}

/** The options of {@linkcode loadParameters}. */
export interface LoadParametersOptions {
  /** How matrices are stored. Default: as the files store them, where that is quantized, else q4f16_1. */
  readonly quantization?: Quantization;
  /** The dtype of floats: f32 for devices without f16. Default: that of the quantization. */
  readonly dtype?: "f16" | "f32";
  /** Is called when a parameter has been loaded. */
  readonly progress?: (progress: LoadProgress) => void;
  /** Ends the loading with the signal's reason. */
  readonly signal?: AbortSignal;
}
const OPTIONS = {
  quantization: oneOf(...QUANTIZATION_NAMES),
  dtype: oneOf("f16", "f32"),
  progress: aFunction<(progress: LoadProgress) => void>(),
  signal: instanceOf(AbortSignal),
} satisfies Fields<LoadParametersOptions>;

/** An array of a parameter with its elements. */
export interface LoadedArray extends ParameterArray {
  /** The elements, row by row. */
  readonly data: WeightArray;
}

/** A parameter with its arrays. */
export interface LoadedParameter {
  /** The parameter. */
  readonly parameter: Parameter;
  /** Its arrays, as {@linkcode arraysOf} lists them. */
  readonly arrays: readonly LoadedArray[];
}

/** Bytes that are read at once. */
const PIECE = 2 ** 24;

/**
 * Loads the parameters of a model one after the other: concatenates queries, keys and values, and gate and up; quantizes
 * as MLC does; adds the offset of norms. Memory holds one parameter and a few pieces of 16 MB.
 *
 * @throws {OptionError} for an option that doesn't exist or can't have its value
 * @throws {ModelError} for a tensor that is missing or has another shape, weights that aren't finite in the dtype, and
 * another quantization than the files have
 */
export async function* loadParameters(
  source: WeightSource,
  config: ModelConfig,
  options: LoadParametersOptions = {},
): AsyncGenerator<LoadedParameter> {
  checkArgument(
    "loadParameters",
    "source",
    source,
    having<WeightSource>("an open source of weights", "read"),
  );
  checkArgument("loadParameters", "config", config, withFields("a model's configuration", {}));
  checkOptions("loadParameters", options, OPTIONS);
  const parameters = parametersOf(config), stored = storedQuantization(source, parameters);
  const { quantization = stored ?? "q4f16_1", signal, progress } = options;
  if (stored !== undefined && QUANTIZATIONS[stored].bits !== QUANTIZATIONS[quantization].bits) {
    throw new ModelError(
      `expected quantization ${stored}, as the files are quantized, got ${quantization}, in ${source.where}`,
    );
  }
  const dtype = options.dtype ?? QUANTIZATIONS[quantization].dtype;
  const load = new Loading(source, config, quantization, dtype, signal);
  for (const [k, parameter] of parameters.entries()) {
    signal?.throwIfAborted();
    const arrays = stored !== undefined && parameter.kind === "matrix"
      ? await load.packed(parameter)
      : await load.floats(parameter);
    progress?.({
      parameter: parameter.name,
      loaded: k + 1,
      parameters: parameters.length,
      bytes: load.bytes,
      allBytes: source.bytes,
    });
    yield { parameter, arrays };
  }
}

/** Tells how the matrices of a source are quantized; undefined where they are floats. */
export function storedQuantization(
  { tensors }: WeightSource,
  parameters: readonly Parameter[],
): Quantization | undefined {
  const matrix = parameters.find((p) => p.kind === "matrix");
  const name = matrix?.tensors.flat().find((n) => tensors.has(`${n}.q_weight`));
  const words = tensors.get(`${name}.q_weight`), scales = tensors.get(`${name}.q_scale`);
  if (!matrix || !words || !scales) return undefined;
  const groups = Math.ceil((matrix.shape[1] ?? 0) / GROUP);
  if (words.shape[1] === groups * GROUP / 4) return "q8f16";
  return scales.dtype === "f16" ? "q4f16_1" : "q4f32_1";
}

class Loading {
  /** Bytes that have been read. */
  bytes = 0;

  constructor(
    private readonly source: WeightSource,
    private readonly config: ModelConfig,
    private readonly quantization: Quantization,
    private readonly dtype: "f16" | "f32",
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Loads a parameter whose tensors are floats. */
  async floats(parameter: Parameter): Promise<readonly LoadedArray[]> {
    const { kind, shape } = parameter,
      { bits, dtype } = QUANTIZATIONS[this.quantization],
      [rows = 0, columns = 1] = shape;
    const suffix = kind === "bias" ? "bias" : "weight";
    // The tensors are checked before memory is taken for them.
    const parts = this.#partsOf(parameter, suffix, rows, shape.slice(1));
    const arrays = arraysOf(parameter, this.quantization, this.dtype).map((a) => ({
      ...a,
      data: emptyOf(a),
    }));
    const [values, scales] = arrays.map((a) => a.data) as [WeightArray, WeightArray?];
    // Files of other formats have the offset added.
    const offset = kind === "norm" && this.source.format === "safetensors" ? this.config.normOffset : 0;
    for (const { tensor, begin, end } of parts) {
      await this.#pieces(tensor, end - begin, columns, (piece, row) => {
        const wrong = bits !== 0 && scales
          ? quantizeRows(piece, columns, { bits, dtype }, { words: values, scales }, begin + row)
          : converted(piece, values, (begin + row) * columns, offset);
        if (wrong < 0) return;
        throw new ModelError(
          `expected weights that ${scales ? this.quantization : this.dtype} has, got ${
            piece[wrong]
          } in row ` +
            `${row + Math.floor(wrong / columns)} of tensor ${tensor}, in ${this.source.where}`,
        );
      });
    }
    return arrays;
  }

  /** Loads a matrix that is quantized in the files. */
  async packed(parameter: Parameter): Promise<readonly LoadedArray[]> {
    const arrays: LoadedArray[] = [];
    for (const array of arraysOf(parameter, this.quantization, this.dtype)) {
      const [rows = 0, columns = 1] = array.shape, suffix = array.dtype === "u32" ? "q_weight" : "q_scale";
      const parts = this.#partsOf(parameter, suffix, rows, [columns]), data = emptyOf(array);
      for (const { tensor, begin, end } of parts) {
        await this.#pieces(tensor, end - begin, columns, (piece, row) => {
          if (array.dtype === "u32") data.set(piece, (begin + row) * columns);
          else converted(piece, data, (begin + row) * columns, 0);
        });
      }
      arrays.push({ ...array, name: quantizedName(parameter.name, suffix), data });
    }
    return arrays;
  }

  /** Finds the tensors of a parameter, and checks their shapes. */
  #partsOf(
    { tensors, parts }: Parameter,
    suffix: string,
    rows: number,
    rest: readonly number[],
  ): readonly { readonly tensor: string; readonly begin: number; readonly end: number }[] {
    const { where } = this.source, known = this.source.tensors;
    const named = tensors.map((all) => all.map((n) => `${n}.${suffix}`));
    const found = named.find((all) => all.every((n) => known.has(n)));
    if (!found) {
      // The names of the format that the files have most of: that with any of them.
      const [likely = []] = [...named.filter((all) => all.some((n) => known.has(n))), ...named];
      const missing = likely.filter((n) => !known.has(n)).map((n) => {
        const type = this.source.unreadable.get(n);
        return type === undefined ? n : `${n} in f32, f16 or bf16 instead of ${type}`;
      });
      throw new ModelError(`expected tensor ${missing.join(", ")}, got none, in ${where}`);
    }
    let begin = 0;
    return found.map((tensor, k) => {
      const end = begin + (found.length === 1 ? rows : parts[k] ?? 0), expected = [end - begin, ...rest];
      const { shape = [], dtype } = known.get(tensor) ?? {};
      if (shape.length !== expected.length || shape.some((d, axis) => d !== expected[axis])) {
        throw new ModelError(
          `expected tensor ${tensor} of shape [${expected.join(", ")}], as the configuration says, got ` +
            `[${shape.join(", ")}], in ${where}`,
        );
      }
      if ((dtype === "u32") !== (suffix === "q_weight")) {
        throw new ModelError(
          `expected tensor ${tensor} of ${
            suffix === "q_weight" ? "u32" : "floats"
          }, got ${dtype}, in ${where}`,
        );
      }
      const part = { tensor, begin, end };
      begin = end;
      return part;
    });
  }

  /** Reads the rows of a tensor piece by piece. */
  async #pieces(
    tensor: string,
    rows: number,
    columns: number,
    take: (piece: WeightArray, row: number) => void,
  ): Promise<void> {
    const stored = this.source.tensors.get(tensor)?.bytes ?? 0;
    const step = Math.max(1, Math.floor(PIECE / (4 * columns)));
    for (let row = 0; row < rows; row += step) {
      const end = Math.min(rows, row + step);
      const piece = await this.source.read(tensor, {
        rows: [row, end],
        ...(this.signal ? { signal: this.signal } : {}),
      });
      take(piece, row);
      this.bytes += stored * (end - row) / rows;
    }
  }
}

/** Writes a piece to an array of another dtype; the index of what it can't hold, or -1. */
function converted(
  piece: WeightArray,
  out: WeightArray,
  at: number,
  offset: number,
): number {
  if (offset === 0) out.set(piece, at);
  else for (let k = 0; k < piece.length; k++) out[at + k] = (piece[k] as number) + offset;
  for (let k = 0; k < piece.length; k++) if (!Number.isFinite(out[at + k])) return k;
  return -1;
}

function emptyOf({ dtype, shape }: ParameterArray): WeightArray {
  const size = shape.reduce((n, d) => n * d, 1);
  switch (dtype) {
    case "f32":
      return new Float32Array(size);
    case "f16":
      return new Float16Array(size);
    case "u32":
      return new Uint32Array(size);
    default:
      return dtype satisfies never;
  }
}
