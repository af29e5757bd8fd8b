/** A wide table of calls: every operator with every option, and every suite. */
import type { PrimFunc } from "../../lib/ir/func.ts";
import * as te from "../../lib/face/te.ts";
import { LANGUAGE_MODELS } from "../../lib/op/models.ts";

/** Every choice of one value for each key. */
function choices<T extends Readonly<Record<string, readonly unknown[]>>>(
  table: T,
): readonly { readonly [K in keyof T]: T[K][number] }[] {
  const rows = Object.entries(table).reduce<readonly Readonly<Record<string, unknown>>[]>(
    (rows, [key, values]) =>
      rows.flatMap((row) => values.map((v) => v === undefined ? row : { ...row, [key]: v })),
    [{}],
  );
  return rows as readonly { readonly [K in keyof T]: T[K][number] }[];
}

/** A program, and the call that made it. */
export interface Call {
  readonly operator: string;
  readonly options: object;
  readonly func: PrimFunc;
}

/** The operator's programs for all options. */
function calls<O extends object>(
  operator: string,
  build: (options: O) => PrimFunc,
  all: readonly object[],
): readonly Call[] {
  return all.map((options) => ({ operator, options, func: build(options as O) }));
}

const FLOATS = [undefined, "f32", "f16"] as const;
const Q4 = ["q4f16_1", "q4f32_1"] as const;
const FLAG = [undefined, true, false] as const;
const ACTIVATIONS = [undefined, "none", "relu", "relu6", "silu", "gelu", "gelu_tanh"] as const;
const EPILOGUES = [
  { bias: true },
  { residual: true },
  ...choices({ bias: FLAG, residual: FLAG, activation: ACTIVATIONS }),
];
const FEW_EPILOGUES = [{}, { bias: true }, { activation: "silu" }, {
  bias: true,
  activation: "gelu",
  residual: true,
}];

/** Weights that are decoded to f16 stand beside numbers in f16. */
function fitsWeights(
  o: { readonly weights: string | undefined; readonly dtype: string | undefined },
): boolean {
  return !(o.weights === "q4f16_1" && o.dtype === "f32");
}

const products: readonly Call[] = [
  ...calls("matmul", te.matmul, [
    ...choices({
      m: [12, "m"],
      n: [20],
      k: [32, "k"],
      batch: [undefined, 3, "b"],
      transposeA: FLAG,
      transposeB: FLAG,
      dtype: FLOATS,
      out: [undefined, "f32", "f16"],
    }),
    ...choices({ m: ["s"], n: ["s"], k: ["s"], batch: [undefined, "s"] }),
    ...EPILOGUES.map((e) => ({ m: 4, n: 8, k: 16, ...e })),
    ...choices({
      m: [5],
      n: [20, "n"],
      k: [70, "k"],
      batch: [undefined, 2],
      transposeA: FLAG,
      transposeB: [undefined, true],
      weights: Q4,
      dtype: FLOATS,
      out: [undefined, "f32", "f16"],
    }).filter(fitsWeights),
    ...FEW_EPILOGUES.flatMap((e) =>
      choices({ m: ["m"], n: [20], k: [64], batch: [undefined, 2], weights: Q4, out: [undefined, "f32"] })
        .map((o) => ({ ...o, ...e }))
    ),
    ...choices({
      m: [5, "m"],
      n: [20],
      k: [32],
      batch: [undefined, 2],
      dtype: ["i8"],
      transposeB: [undefined, true],
      out: [undefined, "i32", "f32", "f16"],
    }),
    ...FEW_EPILOGUES.map((e) => ({ m: 5, n: 20, k: 32, dtype: "i8", out: "f16", ...e })),
    ...FEW_EPILOGUES.map((e) => ({ m: 5, n: 20, k: 32, batch: 2, dtype: "f16", out: "f32", ...e })),
  ]),
  ...calls("gemv", te.gemv, [
    ...choices({
      n: [20, "n"],
      k: [32, "k"],
      transposeA: FLAG,
      dtype: FLOATS,
      out: [undefined, "f32", "f16"],
    }),
    ...EPILOGUES.map((e) => ({ n: 8, k: 16, ...e })),
    ...choices({
      n: [20, "n"],
      k: [70],
      transposeA: [undefined, false],
      weights: Q4,
      dtype: FLOATS,
      out: [undefined, "f32", "f16"],
    }).filter(fitsWeights),
    ...FEW_EPILOGUES.flatMap((e) =>
      choices({ n: [20], k: [64], weights: Q4, out: [undefined, "f32"] }).map((o) => ({ ...o, ...e }))
    ),
    ...choices({ n: [20, "n"], k: [32], dtype: ["i8"], out: [undefined, "i32", "f32", "f16"] }),
    ...FEW_EPILOGUES.map((e) => ({ n: 20, k: 32, dtype: "i8", out: "f32", ...e })),
  ]),
];

const ROWS = choices({ rows: [4, "n"], columns: [100, "d"], dtype: FLOATS });
const SHAPES = choices({ shape: [[], [8], [4, "n"], ["n", "n", 3]], dtype: FLOATS });
const rowwise: readonly Call[] = [
  ...calls("softmax", te.softmax, ROWS),
  ...calls("logSumExp", te.logSumExp, ROWS),
  ...[undefined, 0, 1e-6].flatMap((eps) => {
    const rows = ROWS.map((o) => eps === undefined ? o : { ...o, eps });
    return [
      ...calls("rmsNorm", te.rmsNorm, rows),
      ...calls("addRmsNorm", te.addRmsNorm, rows),
      ...calls("layerNorm", te.layerNorm, rows),
    ];
  }),
  ...calls(
    "reduceSum",
    te.reduceSum,
    [undefined, 0, 1].flatMap((axis) => ROWS.map((o) => axis === undefined ? o : { ...o, axis })),
  ),
  ...calls("transpose", te.transpose, ROWS),
  ...calls("softmax", te.softmax, [{ rows: "n", columns: "n" }]),
  ...calls("transpose", te.transpose, [{ rows: "n", columns: "n" }]),
];

const elementwise: readonly Call[] = [
  ...calls("add", te.add, SHAPES),
  ...calls("mul", te.mul, SHAPES),
  ...calls("relu", te.relu, SHAPES),
  ...calls("silu", te.silu, SHAPES),
  ...calls("gelu", te.gelu, [
    ...SHAPES,
    ...SHAPES.map((o) => ({ ...o, approximate: "tanh" })),
    ...SHAPES.map((o) => ({ ...o, approximate: "none" })),
  ]),
  ...calls(
    "gated",
    te.gated,
    choices({
      rows: [4, "n"],
      columns: [32, "d"],
      activation: ["silu", "gelu", "gelu_tanh"],
      dtype: FLOATS,
    }),
  ),
];

const tokens: readonly Call[] = [
  ...calls(
    "embedding",
    te.embedding,
    choices({
      rows: [4, "n"],
      vocabulary: [100, "v"],
      columns: [70, "d"],
      dtype: FLOATS,
      weights: [undefined, ...Q4],
    }).filter((o) => fitsWeights(o) && !(o.weights === "q4f32_1" && o.dtype === "f16")),
  ),
  ...calls(
    "rope",
    te.rope,
    choices({
      rows: [4, "n"],
      heads: [4],
      kvHeads: [1, 2],
      headDim: [8],
      theta: [undefined, 500000],
      dtype: FLOATS,
    }),
  ),
  ...calls(
    "attention",
    te.attention,
    choices({
      queries: [1, 3, "m"],
      length: [100, "L"],
      heads: [4],
      kvHeads: [1, 4],
      headDim: [8],
      causal: FLAG,
      chunk: [undefined, 16],
      dtype: FLOATS,
    }),
  ),
  ...calls("attention", te.attention, [{ queries: "n", length: "n", heads: 2, kvHeads: 2, headDim: 4 }]),
  ...calls("dequantizeQ4", te.dequantizeQ4, choices({ n: [48, "n"], k: [96, 70, "k"], layout: Q4 })),
];

const WINDOWS = choices({
  batch: [undefined, 2, "n"],
  height: [9],
  width: [7],
  kernel: [3, [3, 2]],
  stride: [undefined, 2, [1, 2]],
  padding: [undefined, 1, [1, 0]],
  layout: [undefined, "NCHW", "NHWC"],
});
const images: readonly Call[] = [
  ...calls("conv2d", te.conv2d, [
    ...WINDOWS.map((w) => ({ ...w, channels: 4, filters: 6 })),
    ...choices({
      layout: [undefined, "NHWC"],
      groups: [1, 2, 4],
      dilation: [undefined, 2, [1, 2]],
      dtype: FLOATS,
    })
      .map((o) => ({ height: 9, width: 7, channels: 4, filters: 8, kernel: 3, padding: 1, ...o })),
    ...choices({ layout: [undefined, "NHWC"], groups: [undefined, 4] }).flatMap((o) =>
      EPILOGUES.map((e) => ({ height: 6, width: 6, channels: 4, filters: 4, kernel: [1, 1], ...o, ...e }))
    ),
    { batch: "n", height: 6, width: 6, channels: 1, filters: 3, kernel: 2 },
  ]),
  ...calls(
    "maxPool2d",
    te.maxPool2d,
    WINDOWS.flatMap((w) => FLOATS.map((dtype) => ({ ...w, channels: 3, ...(dtype && { dtype }) }))),
  ),
  ...calls(
    "avgPool2d",
    te.avgPool2d,
    WINDOWS.flatMap((w) => FLOATS.map((dtype) => ({ ...w, channels: 3, ...(dtype && { dtype }) }))),
  ),
  ...calls(
    "globalAvgPool2d",
    te.globalAvgPool2d,
    choices({
      batch: [undefined, 2, "n"],
      channels: [5],
      height: [4],
      width: [3],
      layout: [undefined, "NCHW", "NHWC"],
      dtype: FLOATS,
    }),
  ),
];

/** The programs of all operators. */
export const PROGRAMS: readonly Call[] = [
  ...products,
  ...rowwise,
  ...elementwise,
  ...tokens,
  ...images,
];

/** The kernels of all models, by the call that lists them. */
export const SUITES: ReadonlyMap<string, readonly te.SuiteKernel[]> = new Map([
  ...Object.keys(LANGUAGE_MODELS).flatMap((model) =>
    te.QUANTIZATIONS.flatMap((quantization) =>
      [1, 8].map((shrink): [string, readonly te.SuiteKernel[]] => [
        `suite llm ${model} ${JSON.stringify({ quantization, shrink })}`,
        te.suite("llm", model, { quantization, shrink }),
      ])
    )
  ),
  ...["resnet18", "mobilenet_v2"].flatMap((model) =>
    (["NCHW", "NHWC"] as const).flatMap((layout) =>
      [1, 4].map((shrink): [string, readonly te.SuiteKernel[]] => [
        `suite vision ${model} ${JSON.stringify({ layout, shrink })}`,
        te.suite("vision", model, { layout, shrink }),
      ])
    )
  ),
  ["suite llm Llama-3.2-1B", te.suite("llm", "Llama-3.2-1B")],
  ["suite vision resnet18", te.suite("vision", "resnet18")],
]);
