/** Right arguments of public calls, and objects whose methods can be called: all are small, and nothing is measured. */
import * as tunebook from "../../mod.ts";
import { recordsOf } from "../records/records_of.ts";
import { searched } from "../share/shared_results.ts";
import { byText, SimulatedMeasuring } from "../tuning/simulated_measuring.ts";
import { small } from "../tuning/programs.ts";

const { autotvm, charts, dlight, Device, expr, records, Schedule, te, tir, TuningDatabase } = tunebook;

const device = await Device.open({ backend: "cpu" });
const { target } = device;
/** A program that most calls take. */
export const func = te.matmul({ m: 2, n: 2, k: 2 });
const add = te.add({ shape: [64] });
const ruled = dlight.schedule(func, target), scheduled = ruled.func;
const space = tunebook.spaceOf(add, small), config = space.at(space.preset);
const executable = tunebook.compile(scheduled, target);
const program = await device.load(executable);
const dispatch = await tunebook.buildDispatch(te.matmul({ m: "m", n: 4, k: 4 }), device);
const A = new Float32Array(4), B = new Float32Array(4);
const prepared = await program.prepare({ B }), bound = await program.bind({ A, B });
const log = await searched(add, device);
const trials = recordsOf(func, target, [1]), map = { split: [], order: [0, 1] };
const kernels = [{ name: "mm", kind: "Matmul", contestant: "dlight", func, ms: 1 }];
const peaks = { gflops: 1, bufferGbps: 1, textureGbps: 1, copyGbps: 1, launchMs: 1 };
const x = te.placeholder("x", [4]), y = te.placeholder("y", [4, 4]), z = te.placeholder("z", [4, 4]);
const image = te.placeholder("I", [1, 4, 4, 4]), filter = te.placeholder("W", [4, 4, 3, 3]);
const z3 = te.placeholder("K", [4, 4, 3]), flags = te.placeholder("F", [4, 4], "bool");
const axis = te.reduceAxis(4);
const whole = te.placeholder("N", [4, 4], "i32"), words = te.placeholder("words", [4], "u32");
const heads = te.placeholder("H", [4, 1, 4]), ids = te.placeholder("ids", [4], "i32");
const e = x.at(0), i = expr.cast("i32", e), bit = expr.lt(e, 1), draft = draftOf();
const schedule = () => new Schedule(func);
const tunerOptions = { space, seed: 0, start: "preset" } as const;
const recorded = {
  func,
  target,
  rule: ruled.rule,
  narrowing: {},
  space: ruled.space,
  points: new Map([[ruled.space.preset, {
    index: ruled.space.preset,
    status: "ok",
    ms: 1,
    samples: [1],
    seconds: 1,
  }]]),
};
const { open } = new SimulatedMeasuring(byText);
const shared = tunebook.Shared.of(log);

const graph = tunebook.relax.graph("g", (b) => ({ y: b.relu(b.input("x", [4])) }));

/** The draft that a pass gets first. */
function draftOf(): unknown {
  const drafts: unknown[] = [];
  tunebook.lower(scheduled, target, { after: (_, d) => drafts.push(d) });
  return drafts[0];
}

/** Right arguments of each call that takes several. */
export const RIGHT: Readonly<Record<string, readonly unknown[]>> = {
  "autotvm.createTuner": ["random", tunerOptions],
  "autotvm.narrow": [space, { unroll: [true] }],
  "autotvm.predictSpace": [recorded, { seed: 0 }],
  "autotvm.recordSpace": [func, device, { path: "space.arrows", open, signal: AbortSignal.abort() }],
  "autotvm.simulate": [recorded, { tuner: "random", start: "preset", seed: 0, budget: { trials: 2 } }],
  "autotvm.trialSteps": [recorded, []],
  "autotvm.tune": [add, device, { budget: { trials: 1 }, open }],
  "autotvm.tuneSuite": [[{ name: "a", func: add, count: 1, shapes: {} }], device, {
    budget: { trials: 1 },
    open,
  }],
  build: [func, device],
  buildDispatch: [te.matmul({ m: "m", n: 4, k: 4 }), device],
  "charts.timesPeer": [{ places: [] }, "dlight"],
  "charts.underRoofline": [records.kernelTable(kernels), { peaks }],
  compare: [add, device, { budget: { trials: 1 }, open }],
  compile: [scheduled, target],
  "database.lookup": [func, target],
  "database.ranked": [func, target],
  "device.load": [executable],
  diff: [func, scheduled],
  "dispatch.run": [{ A: new Float32Array(4), B: new Float32Array(16) }],
  "dispatch.bucketOf": [1],
  "dlight.explain": [func, target],
  "dlight.fallback.match": [func, target],
  "dlight.match": [func, target],
  "dlight.ruleTable": [[], device],
  "dlight.schedule": [func, target],
  ...Object.fromEntries(dlight.rules.map((_, k) => [`dlight.rules[${k}].match`, [func, target]])),
  ...Object.fromEntries(
    ["add", "ceilDiv", "floorDiv", "floorMod", "max", "min", "mul", "sub"].map((n) => [`expr.${n}`, [i, i]]),
  ),
  ...Object.fromEntries(["div", "eq", "ge", "gt", "le", "lt", "ne"].map((n) => [`expr.${n}`, [e, e]])),
  "expr.cast": ["f16", e],
  "expr.or": [bit, bit],
  "expr.select": [bit, e, e],
  "expr.call": ["exp", e],
  "expr.and": [bit, bit],
  "expr.constant": [1, "f32"],
  instantiate: [add, small, space, config],
  interpret: [func, { A, B }],
  lower: [scheduled, target],
  "op.add": [y, z],
  "op.addRmsNorm": [y, z, x],
  "op.attention": [heads, heads, heads],
  "op.avgPool2d": [image, { kernel: 2 }],
  "op.conv2d": [image, filter],
  "op.dequantizeQ4": [te.placeholder("P", [4, 4], "u32"), te.placeholder("S", [4, 1])],
  "op.embedding": [y, ids],
  "op.gated": [y, { activation: "silu" }],
  "op.gemv": [y, x],
  "op.layerNorm": [y, x, x],
  "op.matmul": [y, z],
  "op.maxPool2d": [image, { kernel: 2 }],
  "op.mul": [y, z],
  "op.rmsNorm": [y, x],
  "op.rope": [te.placeholder("qkv", [4, 12]), te.placeholder("p", [4], "i32"), { heads: 1, kvHeads: 1 }],
  "prepared.bind": [{ A }],
  "prepared.run": [{ A }],
  "prepared.submit": [{ A }],
  "program.submit": [{ A, B }],
  "device.tensor": [A, [4]],
  "program.bind": [{ A, B }],
  "program.run": [{ A, B }],
  race: [[func], device, { open }],
  ...Object.fromEntries(
    [
      "div",
      "equal",
      "greater",
      "greaterEqual",
      "less",
      "lessEqual",
      "maximum",
      "minimum",
      "mod",
      "notEqual",
      "pow",
    ]
      .map((name) => [`op.${name}`, [y, z]]),
  ),
  ...Object.fromEntries(["and", "or", "xor"].map((name) => [`op.${name}`, [flags, flags]])),
  "op.append": [y, z, te.placeholder("at", [], "i32")],
  "op.scatterUpdate": [y, z, te.placeholder("at", [4], "i32")],
  "op.batchNorm": [y, x, x, { mean: x, variance: x }],
  "op.broadcastTo": [y, [4, 4]],
  "op.bitcast": [y, "u32"],
  "op.bitwiseAnd": [whole, whole],
  "op.bitwiseOr": [whole, whole],
  "op.bitwiseXor": [whole, whole],
  "op.crossEntropy": [y, ids],
  "op.leftShift": [whole, whole],
  "op.negativeLogLikelihood": [y, ids],
  "op.pack": [y, { as: "i8" }],
  "op.rightShift": [whole, whole],
  "op.scatterElements": [x, ids, x],
  "op.scatterND": [image, te.placeholder("at", [1, 4], "i32"), te.placeholder("u", [1])],
  "op.squaredError": [y, z],
  "op.unpack": [words, { as: "i8" }],
  "op.cast": [y, "i32"],
  "op.conv1d": [te.placeholder("R", [1, 4, 4]), z3],
  "op.conv3d": [te.placeholder("V", [1, 2, 3, 3, 3]), te.placeholder("K", [2, 2, 3, 3, 3])],
  "op.convTranspose1d": [te.placeholder("R", [1, 4, 4]), z3],
  "op.convTranspose2d": [image, filter],
  "op.convTranspose3d": [te.placeholder("V", [1, 2, 3, 3, 3]), te.placeholder("K", [2, 2, 3, 3, 3])],
  "op.depthToSpace": [image, { blockSize: 2 }],
  "op.expandDims": [y, { axis: 0 }],
  "op.full": [[2], 1],
  "op.gather": [y, ids],
  "op.gatherElements": [x, ids],
  "op.gatherND": [image, ids],
  "op.groupNorm": [y, x, x, { groups: 2 }],
  "op.instanceNorm": [image, x, x],
  "op.lrn": [y, { size: 3 }],
  "op.oneHot": [ids, { depth: 3 }],
  "op.pad": [x, { padding: [[1, 1]] }],
  "op.prelu": [y, x],
  "op.repeat": [y, { repeats: 2 }],
  "op.reshape": [y, [16]],
  "op.resize": [image, { scales: [2, 2] }],
  "op.roll": [y, { shift: 1, axis: 0 }],
  "op.slice": [y, { begin: [1] }],
  "op.spaceToDepth": [image, { blockSize: 2 }],
  "op.split": [y, { sections: 2 }],
  "op.sub": [y, z],
  "op.tile": [y, [2]],
  "op.where": [flags, y, z],
  "op.linear": [y, z],
  "op.topK": [y, 2],
  "expr.atan2": [e, e],
  "expr.bitAnd": [i, i],
  "expr.bitOr": [i, i],
  "expr.bitXor": [i, i],
  "expr.bitcast": ["u32", i],
  "expr.pow": [e, 2],
  "expr.shiftLeft": [i, 1],
  "expr.shiftRight": [i, 1],
  "expr.truncDiv": [i, 2],
  "expr.truncMod": [i, 2],
  "te.all": [bit, [axis]],
  "te.any": [bit, [axis]],
  "te.argmax": [e, axis],
  "te.argmin": [e, axis],
  "te.min": [e, [axis]],
  "te.prod": [e, [axis]],
  "te.reduce": [
    {
      identity: [0],
      combine: (a: readonly tunebook.Expr[], b: readonly tunebook.Expr[]) =>
        a.map((v, k) => expr.add(v, b[k] as tunebook.Expr)),
      values: [e],
    },
    [axis],
  ],
  "relax.equalGraph": [graph, graph],
  "relax.graph": ["g", (b: tunebook.relax.BlockBuilder) => ({ y: b.relu(b.input("x", [4])) })],
  "relax.interpretGraph": [graph, { x: new Float32Array(4) }],
  "relax.planMemory": [graph, { bounds: {} }],
  "records.RecordLog.open": ["log.arrows", { task: "t", fingerprint: "f", target: "{}" }],
  "records.roofline": [func, {}, peaks],
  "records.writeT4": ["space.t4.json", recorded],
  "records.recordsToTable": [trials],
  "records.kernelTable": [kernels],
  "log.append": [trials],
  "database.add": [trials],
  replay: [func, ruled.trace],
  "schedule.annotate": ["i", "key", 1],
  "schedule.apply": [{ op: "unroll", loop: "i" }],
  "schedule.bind": ["i", "threadIdx.x"],
  "schedule.cacheRead": ["C", "A", "shared"],
  "schedule.cacheWrite": ["C", "local"],
  "schedule.computeAt": ["T", "j"],
  "schedule.decomposePadding": ["C", "i"],
  "schedule.decomposeReduction": ["C", "k"],
  "schedule.loopPartition": ["i", [1]],
  "schedule.padEinsum": ["C", [2, 2, 2]],
  "schedule.reindex": ["C", "A"],
  "schedule.reverseComputeAt": ["C", "i"],
  "schedule.setScope": ["A", "texture"],
  "schedule.sources": ["C", "A"],
  "schedule.split": ["i", [null, 2]],
  "schedule.storageAlign": ["C", 0, 4, 1],
  "schedule.streamK": ["C", [2, 2], 2, 2],
  "schedule.transformBlockLayout": ["C", map],
  "schedule.transformLayout": ["C", map],
  share: [log, "page.html"],
  "space.distance": [0, 1],
  spaceOf: [add, small],
  steps: [func, ruled.trace],
  "te.compute": ["T", [4], (k: never) => x.at(k)],
  "te.max": [e, [te.reduceAxis(4)]],
  "te.placeholder": ["P", [4]],
  "te.primFunc": ["p", [x, te.compute("T", [4], (k) => x.at(k))]],
  "te.quantizeI8": [new Float32Array(8), { rows: 2, columns: 4 }],
  "te.quantizeQ4": [new Float32Array(64), { n: 2, k: 32, layout: "q4f16_1" }],
  "te.suite": ["llm", "Llama-3.2-1B"],
  "te.update": [y, [4], (k: never) => ({ at: [k, 0], value: x.at(k) })],
  "te.sum": [e, [te.reduceAxis(4)]],
  template: ["mine", small],
  "tir.Trace.of": [func, []],
  ...Object.fromEntries(tir.passes.map((_, k) => [`tir.passes[${k}].run`, [draft, target]])),
  "tir.specialize": [te.matmul({ m: "m", n: 2, k: 2 }), { m: 2 }],
  "new autotvm.ConfigSpace": [space.knobs, space.constraints],
  "charts.predictionTable": [[{ predicted: 1, measured: 1, kind: "learnt" }]],
};

/** Objects whose methods are called. */
export const INSTANCES: Readonly<Record<string, () => object>> = {
  device: () => device,
  program: () => program,
  prepared: () => prepared,
  bound: () => bound,
  schedule,
  func: () => func,
  trace: () => ruled.trace,
  space: () => space,
  database: () => TuningDatabase.memory(),
  log: () => records.RecordLog.memory(),
  chart: () => new charts.Chart({}),
  shared: () => shared,
  tensor: () => x,
  source: () => tunebook.sourceOf(func),
  diff: () => tunebook.diff(func, scheduled),
  steps: () => tunebook.steps(func, ruled.trace),
  sheet: () => tunebook.sheet([{ a: 1 }]),
  explanation: () => dlight.explain(func, target),
  reporter: () => tunebook.createReporter("silent"),
  tuneLog: () => log,
  dispatch: () => dispatch,
  ...Object.fromEntries(autotvm.tunerNames.map((name) => [
    `tuner.${name}`,
    () => autotvm.createTuner(name, tunerOptions),
  ])),
};
