/**
 * Whole models by this module and by other libraries, in one process, on one adapter, with checked results.
 *
 *     deno task bench:graphs [--only TEXT] [--rounds 5]
 *
 * A run takes an input from the host and gives outputs to the host. Contestants take turns; the clock is this process's CPU
 * time. "sum of kernels" are the kernels of `deno task rules`, each run alone on the device, again and again: its data is in
 * the caches. "one by one" are the graph's own functions in their order, each with data of its own and a submission of its own.
 */
import { argumentsOf, type CliOption, type Command, runCommand } from "../../lib/cli/arguments.ts";
import { numberOf, ONLY } from "../bench/options.ts";
import * as tf from "@tensorflow/tfjs-core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as ort from "onnxruntime-web/webgpu";
import { build, Device } from "tunebook";
import { onnx, vision } from "tunebook/models";
import { compile } from "../../lib/codegen/compile.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import { median } from "../../lib/base/statistics.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import { textOf } from "../../lib/notebook/tables.ts";
import { suite } from "../../lib/op/suite.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import type { BuiltFunction } from "../../lib/tuning/built_graph.ts";
import { perRun, race, type Runner } from "../bench/race.ts";
import { PP_OCR } from "../models/ocr/ocr_files.ts";
import { sampleInput } from "../models/ocr/sample_input.ts";
import { permuted } from "./layout.ts";
import { layersOf } from "./vision_layers.ts";
import { onnxModel } from "./vision_onnx.ts";
import { tfjsModel } from "./vision_tfjs.ts";

/** The pixels of a side. */
const SIZE = 224;
/** How much a sample takes at least, and how far results may differ, relative to the largest. */
const LEAST_MS = 100, TOLERANCE = 1e-3;

type Floats = Float32Array<ArrayBuffer>;

/** A contestant: it makes outputs of an input. */
interface Contestant {
  readonly name: string;
  readonly run: () => Promise<Floats>;
}

/** A model with its contestants; the first is the reference, the second this module. */
interface Contest {
  /** The functions that this module runs, in order. */
  readonly functions: readonly BuiltFunction[];
  readonly model: string;
  readonly contestants: readonly Contestant[];
}

async function session(bytes: Uint8Array, provider: "webgpu" | "wasm"): Promise<ort.InferenceSession> {
  return await ort.InferenceSession.create(bytes, { executionProviders: [provider] });
}

function ortRun(s: ort.InferenceSession, data: Floats, dims: readonly number[]): () => Promise<Floats> {
  const [input, output] = [s.inputNames[0] as string, s.outputNames[0] as string];
  return async () => {
    const made = await s.run({ [input]: new ort.Tensor("float32", data, dims) });
    return await made[output]?.getData() as Floats;
  };
}

async function ours(graph: Graph, device: Device, weights: Record<string, Floats>, input: Floats) {
  const program = await build(graph, device, { weights }), name = graph.inputs[0]?.name as string;
  const output = Object.keys(graph.outputs)[0] as string;
  const run = async () => (await program.run({ [name]: input }))[output] as Floats;
  return { run, launches: program.launches, functions: program.built.functions };
}

/** A graph's functions as one contestant: each runs once, in order, on data of its own. */
async function oneByOne(functions: readonly BuiltFunction[], device: Device): Promise<Runner> {
  const bounds = await Promise.all(
    functions.map(async (f, k) => await (await device.load(f.executable)).bind(randomInputs(f.func, k))),
  );
  return {
    async run(times) {
      for (let t = 0; t < times; t++) {
        for (const bound of bounds) await bound.run(1);
      }
    },
  };
}

/** The kernels of a vision model, each alone: milliseconds of CPU time. */
async function sumOfKernels(model: string, device: Device): Promise<number> {
  let sum = 0;
  for (const { func, count } of suite("vision", model)) {
    using program = await device.load(compile(schedule(func, device.target).func, device.target));
    using bound = await program.bind(randomInputs(func, 1));
    const [samples = []] = await race([bound], { rounds: 3, leastMs: 20, clock: "cpu" });
    sum += count * median(perRun(samples, "cpu"));
  }
  return sum;
}

async function visionContest(model: string, graph: Graph, device: Device): Promise<Contest> {
  const weights = vision.randomWeights(graph), layers = layersOf(graph, weights);
  const image = new Float32Array(SIZE * SIZE * 3).map((_, k) => Math.sin(k * 0.37 + Math.cos(k * 0.01)));
  const planes = permuted({ name: "image", shape: [1, SIZE, SIZE, 3], data: image }, [0, 3, 1, 2])
    .data as Floats;
  const own = await ours(graph, device, weights, image),
    net = tfjsModel(layers),
    bytes = onnxModel(layers, SIZE);
  const tfjs = async () => {
    const x = tf.tensor4d(image, [1, SIZE, SIZE, 3]), y = net(x), data = await y.data<"float32">();
    tf.dispose([x, y]);
    return data as Floats;
  };
  return {
    model,
    functions: own.functions,
    contestants: [
      { name: "onnxruntime-web wasm", run: ortRun(await session(bytes, "wasm"), planes, [1, 3, SIZE, SIZE]) },
      { name: `Tunebook, ${own.launches} launches`, run: own.run },
      { name: "tfjs", run: tfjs },
      { name: "onnxruntime-web", run: ortRun(await session(bytes, "webgpu"), planes, [1, 3, SIZE, SIZE]) },
    ],
  };
}

async function recognitionContest(device: Device): Promise<Contest> {
  const bytes = await Deno.readFile(PP_OCR.recognition), shape = [1, 3, 48, 320], input = sampleInput(shape);
  const { graph, weights } = onnx.read(bytes, { shapes: { x: shape } });
  const own = await ours(graph, device, weights as Record<string, Floats>, input);
  return {
    model: "PP-OCRv4 recognition",
    functions: own.functions,
    contestants: [
      { name: "onnxruntime-web wasm", run: ortRun(await session(bytes, "wasm"), input, shape) },
      { name: `Tunebook, ${own.launches} launches`, run: own.run },
      { name: "onnxruntime-web", run: ortRun(await session(bytes, "webgpu"), input, shape) },
    ],
  };
}

/** @throws {Error} for outputs that differ from the first contestant's */
async function check({ model, contestants }: Contest): Promise<void> {
  const right = await (contestants[0] as Contestant).run();
  const largest = right.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  for (const { name, run } of contestants) {
    const made = await run();
    const off = right.reduce((m, x, k) => Math.max(m, Math.abs(x - (made[k] as number))), 0) / largest;
    if (!(off <= TOLERANCE)) throw new Error(`${name} is off by ${off} of the largest, in ${model}`);
  }
}

function runnerOf({ run }: Contestant): Runner {
  return {
    async run(times) {
      for (let t = 0; t < times; t++) await run();
    },
  };
}

const COMMAND = {
  name: "deno task bench:graphs",
  summary: "Compares whole vision models with other libraries in the same process.",
  options: { only: ONLY, rounds: numberOf("Rounds", 5) },
} as const satisfies Command<Readonly<Record<string, CliOption>>>;

async function benchGraphs(args: readonly string[]): Promise<void> {
  const { only = "", rounds = 5 } = argumentsOf(COMMAND, args).values;
  const wanted = (model: string) => model.includes(only);
  ort.env.logLevel = "error";
  ort.env.wasm.numThreads = 1;
  if (!await tf.setBackend("webgpu") || !(tf.backend() instanceof WebGPUBackend)) {
    throw new Error("expected tfjs on WebGPU");
  }
  using device = await Device.open({ backend: "webgpu" });
  const MODELS = { mobilenet_v2: vision.mobilenetV2, resnet18: vision.resnet18 };
  const makers: readonly (readonly [string, () => Promise<Contest>])[] = [
    ...Object.entries(MODELS).map(([name, graph]) =>
      [name, () => visionContest(name, graph(), device)] as const
    ),
    ["PP-OCRv4 recognition", () => recognitionContest(device)],
  ];
  for (const [model, make] of makers) {
    if (!wanted(model)) continue;
    const contest = await make();
    await check(contest);
    const runners = [...contest.contestants.map(runnerOf), await oneByOne(contest.functions, device)];
    const samples = await race(runners, {
      rounds,
      leastMs: LEAST_MS,
      clock: "cpu",
    });
    const ms = samples.map((s) => median(perRun(s, "cpu")));
    const own = ms[1] as number,
      names = [...contest.contestants.map((c) => c.name), "one by one"],
      rows = names.map((name, k) => [name, ms[k] as number] as const);
    const all = model in MODELS
      ? [...rows, ["sum of kernels", await sumOfKernels(model, device)] as const]
      : rows;
    console.log(`${model}\n${
      textOf([
        ["contestant", "CPU ms", "× Tunebook"],
        ...all.map(([name, t]) => [name, t.toFixed(1), (t / own).toFixed(2)]),
      ])
    }\n`);
  }
}

await runCommand(COMMAND, benchGraphs);
