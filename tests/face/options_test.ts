/** Every exported function that takes options refuses one that it does not have: `deno doc` says which functions those are. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fileURLToPath } from "node:url";
import { OptionError } from "../../lib/base/error.ts";
import * as tunebook from "../../mod.ts";

const { te, op, charts, autotvm, dlight } = tunebook;

interface Doc {
  readonly nodes: Readonly<Record<string, { readonly symbols?: readonly DocSymbol[] }>>;
}
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly def?: { readonly params?: readonly DocParam[] };
  }[];
}
interface DocParam {
  readonly name?: string;
  readonly left?: DocParam;
}

/** The namespaces of the face, and the files that hold them. */
const NAMESPACES = {
  "": "mod.ts",
  "te.": "lib/face/te.ts",
  "op.": "lib/face/op.ts",
  "expr.": "lib/te/expr.ts",
  "tir.": "lib/face/tir.ts",
  "dlight.": "lib/face/dlight.ts",
  "autotvm.": "lib/face/autotvm.ts",
  "charts.": "lib/face/charts.ts",
  "records.": "lib/face/records.ts",
  "errors.": "lib/face/errors.ts",
} as const;

const root = new URL("../../", import.meta.url);

/** The names of all exported functions with a parameter `options`. */
async function functionsWithOptions(): Promise<readonly string[]> {
  const names: string[] = [];
  for (const [prefix, file] of Object.entries(NAMESPACES)) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["doc", "--json", fileURLToPath(new URL(file, root))],
      stderr: "null",
    }).output();
    const { nodes } = JSON.parse(new TextDecoder().decode(stdout)) as Doc;
    for (const { symbols = [] } of Object.values(nodes)) {
      for (const { name, declarations } of symbols) {
        const takes = declarations.some((d) =>
          d.kind === "function" && d.def?.params?.some((p) => (p.left ?? p).name === "options")
        );
        if (takes) names.push(prefix + name);
      }
    }
  }
  return [...new Set(names)].toSorted();
}

const device = await tunebook.Device.open({ backend: "cpu" });
const func = te.matmul({ m: 2, n: 2, k: 2 });
const scheduled = dlight.schedule(func, device.target).func;
const table = {} as never;
const A = te.placeholder("A", [4, 4]), B = te.placeholder("B", [4, 4]), x = te.placeholder("x", [4]);
const truths = te.placeholder("T", [4, 4], "bool");
const image = te.placeholder("I", [1, 4, 4, 4]), filter = te.placeholder("W", [3, 3, 4, 4]);
const row = te.placeholder("R", [1, 2, 4]), taps = te.placeholder("K", [2, 2, 3]);
const volume = te.placeholder("V", [2, 2, 4, 4, 4]);
const classes = te.placeholder("classes", [4], "i32"), words = te.placeholder("words", [4], "u32");
const ids = te.placeholder("ids", [4, 4], "i32"), flags = te.placeholder("flags", [4, 4], "bool");

type Call = (options: never) => unknown;

/** How each of them is called, with options that are no option of it. */
const CALLS: Readonly<Record<string, Call>> = {
  interpret: (o) => tunebook.interpret(func, {}, o),
  lower: (o) => tunebook.lower(scheduled, device.target, o),
  compile: (o) => tunebook.compile(scheduled, device.target, o),
  build: (o) => tunebook.build(func, device, o),
  buildDispatch: (o) => tunebook.buildDispatch(func, device, o),
  compare: (o) => tunebook.compare(func, device, o),
  race: (o) => tunebook.race([func], device, o),
  diff: (o) => tunebook.diff(func, scheduled, o),
  sourceOf: (o) => tunebook.sourceOf(func, o),
  share: (o) => tunebook.share([], "page.html", o),
  "autotvm.tune": (o) => autotvm.tune(func, device, o),
  "autotvm.tuneSuite": (o) => autotvm.tuneSuite([], device, o),
  "autotvm.recordSpace": (o) => autotvm.recordSpace(func, device, o),
  "autotvm.simulate": (o) => autotvm.simulate({} as never, o),
  "autotvm.predictSpace": (o) => autotvm.predictSpace({} as never, o),
  "autotvm.createTuner": (o) => autotvm.createTuner("random", o),
  "op.acos": (o) => op.acos(A, o),
  "op.acosh": (o) => op.acosh(A, o),
  "op.asin": (o) => op.asin(A, o),
  "op.asinh": (o) => op.asinh(A, o),
  "op.atan": (o) => op.atan(A, o),
  "op.atanh": (o) => op.atanh(A, o),
  "op.bitcast": (o) => op.bitcast(A, "u32", o),
  "op.bitwiseAnd": (o) => op.bitwiseAnd(ids, ids, o),
  "op.bitwiseNot": (o) => op.bitwiseNot(ids, o),
  "op.bitwiseOr": (o) => op.bitwiseOr(ids, ids, o),
  "op.bitwiseXor": (o) => op.bitwiseXor(ids, ids, o),
  "op.ceil": (o) => op.ceil(A, o),
  "op.cosh": (o) => op.cosh(A, o),
  "op.crossEntropy": (o) => op.crossEntropy(A, classes, o),
  "op.exp2": (o) => op.exp2(A, o),
  "op.leftShift": (o) => op.leftShift(ids, ids, o),
  "op.log2": (o) => op.log2(A, o),
  "op.negativeLogLikelihood": (o) => op.negativeLogLikelihood(A, classes, o),
  "op.pack": (o) => op.pack(A, o),
  "op.rightShift": (o) => op.rightShift(ids, ids, o),
  "op.round": (o) => op.round(A, o),
  "op.scatterElements": (o) => op.scatterElements(A, ids, B, o),
  "op.scatterND": (o) => op.scatterND(image, ids, x, o),
  "op.sign": (o) => op.sign(A, o),
  "op.sinh": (o) => op.sinh(A, o),
  "op.squaredError": (o) => op.squaredError(A, B, o),
  "op.tan": (o) => op.tan(A, o),
  "op.trunc": (o) => op.trunc(A, o),
  "op.unpack": (o) => op.unpack(words, o),
  "op.add": (o) => op.add(A, B, o),
  "op.addRmsNorm": (o) => op.addRmsNorm(A, B, x, o),
  "op.argmax": (o) => op.argmax(A, o),
  "op.argmin": (o) => op.argmin(A, o),
  "op.argsort": (o) => op.argsort(A, o),
  "op.arange": (o) => op.arange(o),
  "op.attention": (o) => op.attention(A, A, A, o),
  "op.avgPool2d": (o) => op.avgPool2d(image, o),
  "op.append": (o) => op.append(A, B, te.placeholder("at", [], "i32"), o),
  "op.batchNorm": (o) => op.batchNorm(A, x, x, { mean: x, variance: x }, o),
  "op.broadcastTo": (o) => op.broadcastTo(A, [4, 4], o),
  "op.cast": (o) => op.cast(A, "i32", o),
  "op.concat": (o) => op.concat([A], o),
  "op.conv1d": (o) => op.conv1d(row, taps, o),
  "op.conv2d": (o) => op.conv2d(image, filter, o),
  "op.cumProd": (o) => op.cumProd(A, o),
  "op.cumSum": (o) => op.cumSum(A, o),
  "op.conv3d": (o) => op.conv3d(volume, volume, o),
  "op.convTranspose1d": (o) => op.convTranspose1d(row, taps, o),
  "op.convTranspose2d": (o) => op.convTranspose2d(image, image, o),
  "op.convTranspose3d": (o) => op.convTranspose3d(volume, volume, o),
  "op.depthToSpace": (o) => op.depthToSpace(image, o),
  "op.dequantizeQ4": (o) => op.dequantizeQ4(A, A, o),
  "op.embedding": (o) => op.embedding(x, A, o),
  "op.expandDims": (o) => op.expandDims(A, o),
  "op.flatten": (o) => op.flatten(A, o),
  "op.flip": (o) => op.flip(A, o),
  "op.full": (o) => op.full([2], 0, o),
  "op.gated": (o) => op.gated(A, o),
  "op.gather": (o) => op.gather(A, ids, o),
  "op.gatherElements": (o) => op.gatherElements(A, ids, o),
  "op.gatherND": (o) => op.gatherND(image, ids, o),
  "op.gelu": (o) => op.gelu(A, o),
  "op.gemv": (o) => op.gemv(A, x, o),
  "op.globalAvgPool2d": (o) => op.globalAvgPool2d(image, o),
  "op.groupNorm": (o) => op.groupNorm(A, x, x, o),
  "op.instanceNorm": (o) => op.instanceNorm(image, x, x, o),
  "op.layerNorm": (o) => op.layerNorm(A, x, x, o),
  "op.logSoftmax": (o) => op.logSoftmax(A, o),
  "op.logSumExp": (o) => op.logSumExp(A, o),
  "op.lrn": (o) => op.lrn(A, o),
  "op.matmul": (o) => op.matmul(A, B, o),
  "op.linear": (o) => op.linear(A, B, o),
  "op.maxPool2d": (o) => op.maxPool2d(image, o),
  "op.mul": (o) => op.mul(A, B, o),
  "op.reduceAll": (o) => op.reduceAll(truths, o),
  "op.reduceAny": (o) => op.reduceAny(truths, o),
  "op.reduceMax": (o) => op.reduceMax(A, o),
  "op.reduceMin": (o) => op.reduceMin(A, o),
  "op.reduceProd": (o) => op.reduceProd(A, o),
  "op.oneHot": (o) => op.oneHot(ids, o),
  "op.pad": (o) => op.pad(A, o),
  "op.permuteDims": (o) => op.permuteDims(A, o),
  "op.reduceL1": (o) => op.reduceL1(A, o),
  "op.reduceL2": (o) => op.reduceL2(A, o),
  "op.reduceLogSum": (o) => op.reduceLogSum(A, o),
  "op.reduceMean": (o) => op.reduceMean(A, o),
  "op.reduceSumSquare": (o) => op.reduceSumSquare(A, o),
  "op.reduceSum": (o) => op.reduceSum(A, o),
  "op.relu": (o) => op.relu(A, o),
  "op.repeat": (o) => op.repeat(A, o),
  "op.reshape": (o) => op.reshape(A, [16], o),
  "op.resize": (o) => op.resize(image, o),
  "op.rmsNorm": (o) => op.rmsNorm(A, x, o),
  "op.roll": (o) => op.roll(A, o),
  "op.rope": (o) => op.rope(A, x, o),
  "op.silu": (o) => op.silu(A, o),
  "op.scatterUpdate": (o) => op.scatterUpdate(A, B, te.placeholder("at", [4], "i32"), o),
  "op.slice": (o) => op.slice(A, o),
  "op.softmax": (o) => op.softmax(A, o),
  "op.sort": (o) => op.sort(A, o),
  "op.topK": (o) => op.topK(A, 2, o),
  "op.transpose": (o) => op.transpose(A, o),
  "te.argmax": (o) => te.argmax(A.at(0, 0), te.reduceAxis(4), o),
  "te.argmin": (o) => te.argmin(A.at(0, 0), te.reduceAxis(4), o),
  "op.spaceToDepth": (o) => op.spaceToDepth(image, o),
  "op.split": (o) => op.split(A, o),
  "op.squeeze": (o) => op.squeeze(A, o),
  "op.stack": (o) => op.stack([A], o),
  "op.tile": (o) => op.tile(A, [2], o),
  "op.trilu": (o) => op.trilu(A, o),
  "op.where": (o) => op.where(flags, A, B, o),
  "te.suite": (o) => te.suite("llm", "Llama-3.2-1B", o),
};

/** Operators on each element take one tensor or two. */
const ELEMENTWISE: Readonly<Record<string, Call>> = Object.fromEntries([
  ...([
    "neg",
    "abs",
    "sqrt",
    "rsqrt",
    "reciprocal",
    "exp",
    "log",
    "erf",
    "sin",
    "cos",
    "tanh",
    "floor",
    "sigmoid",
  ] as const)
    .map((name) => [`op.${name}`, (o: never) => op[name](A, o)] as const),
  ...([
    "softplus",
    "softsign",
    "mish",
    "isNaN",
    "hardSigmoid",
    "hardSwish",
    "leakyRelu",
    "elu",
    "selu",
    "celu",
  ] as const)
    .map((name) => [`op.${name}`, (o: never) => op[name](A, o)] as const),
  ...(["thresholdedRelu", "clip"] as const).map((name) =>
    [`op.${name}`, (o: never) => op[name](A, o)] as const
  ),
  ...(["sub", "div", "mod", "pow", "minimum", "maximum", "prelu"] as const)
    .map((name) => [`op.${name}`, (o: never) => op[name](A, B, o)] as const),
  ...(["equal", "notEqual", "less", "lessEqual", "greater", "greaterEqual"] as const)
    .map((name) => [`op.${name}`, (o: never) => op[name](A, B, o)] as const),
  ...(["and", "or", "xor"] as const).map((name) =>
    [`op.${name}`, (o: never) => op[name](flags, flags, o)] as const
  ),
  ["op.not", (o: never) => op.not(flags, o)] as const,
]);

/** Programs take their options alone; charts a table before them. */
const OTHERS: Readonly<Record<string, Call>> = Object.fromEntries([
  ...Object.entries(te).map(([name, own]) =>
    [`te.${name}`, (o: never) => (own as unknown as Call)(o)] as const
  ),
  ...Object.entries(charts).map(([name, own]) =>
    [`charts.${name}`, (o: never) => (own as unknown as (t: never, o: never) => unknown)(table, o)] as const
  ),
]);

const names = await functionsWithOptions();

Deno.test("the face has many functions that take options", () => {
  assert(names.length >= 60, `${names.length}`);
  assert(["build", "compare", "te.matmul", "op.softmax", "charts.overview"].every((n) => names.includes(n)));
});

for (const name of names) {
  Deno.test(`${name} refuses an option that it does not have`, async () => {
    const call = CALLS[name] ?? ELEMENTWISE[name] ?? OTHERS[name];
    assert(call, `expected a call of ${name} in the table of this test`);
    const made = () => Promise.resolve().then(() => call({ noSuchOption: 1 } as never));
    const error = await assertRejects(made, OptionError);
    assertEquals(/noSuchOption/.test((error as Error).message), true, (error as Error).message);
  });
}
