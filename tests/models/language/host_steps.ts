/** Steps of a language model by plain runs of its graphs: the cache goes to the device and back with each. */
import type { ModelConfig } from "../../../lib/models/config/model_config.ts";
import { ropeFrequencies } from "../../../lib/models/config/rope.ts";
import { ropeTable } from "../../../lib/models/language/rotated.ts";
import { PAGE_SIZE, stepGraph, type StepOptions } from "../../../lib/models/language/step_graph.ts";
import { stateWidth } from "../../../lib/models/language/state_programs.ts";
import { weightName } from "../../../lib/models/language/weight_values.ts";
import { loadParameters } from "../../../lib/models/parameters/load_parameters.ts";
import { QUANTIZATIONS } from "../../../lib/models/parameters/quantization.ts";
import type { WeightSource } from "../../../lib/models/weights/weight_source.ts";
import type { Inputs } from "../../../lib/runtime/arguments.ts";
import type { Device } from "../../../lib/runtime/device.ts";
import { buildGraph } from "../../../lib/tuning/build_graph.ts";

/** Pages of the cache of a test. */
const PAGES = 32;

/** The weights of a model's graphs, by their names there. */
export async function weightsOf(
  source: WeightSource,
  config: ModelConfig,
  quantization: StepOptions["quantization"],
  context: number,
): Promise<Inputs> {
  const weights: Record<string, Inputs[string]> = {
    rope: ropeTable(ropeFrequencies(config.rope, context), context),
  };
  if (config.slidingRope) {
    weights.sliding_rope = ropeTable(ropeFrequencies(config.slidingRope, context), context);
  }
  for await (const { arrays } of loadParameters(source, config, { quantization })) {
    for (const { name, data } of arrays) weights[weightName(name)] = data;
  }
  return weights;
}

/** Computes logits of a text: its first tokens in chunks, the others one by one. */
export class HostSteps implements Disposable {
  readonly #held = new DisposableStack();
  #caches: Record<string, Inputs[string]>;
  #length = 0;
  /** The token that the last decode chose. */
  next = -1;
  /** The pages, in an order that isn't that of the cache. */
  readonly #table = Int32Array.from({ length: PAGES }, (_, k) => (k * 7 + 3) % PAGES);

  private constructor(
    readonly programs: Readonly<Record<StepOptions["kind"], Awaited<ReturnType<typeof buildGraph>>>>,
    config: ModelConfig,
    dtype: "f32" | "f16",
    readonly context: number,
  ) {
    for (const p of Object.values(programs)) this.#held.use(p);
    const size = PAGES * 2 * config.kvHeads * PAGE_SIZE * config.headDim;
    // What was never written may be anything.
    const empty = () => dtype === "f16" ? new Float16Array(size).fill(NaN) : new Float32Array(size).fill(NaN);
    this.#caches = Object.fromEntries(
      Array.from({ length: config.layers }, (_, k) => [`cache${k}`, empty()]),
    );
  }

  /** Builds the graphs of a model. */
  static async of(
    device: Device,
    config: ModelConfig,
    weights: Inputs,
    quantization: StepOptions["quantization"],
    context: number,
  ): Promise<HostSteps> {
    const make = async (kind: StepOptions["kind"]) => {
      const graph = stepGraph(config, {
        kind,
        quantization,
        context,
        ...(kind === "decode" && { span: context }),
      });
      const names = new Set(graph.weights.map((w) => w.name));
      const own = Object.fromEntries(Object.entries(weights).filter(([name]) => names.has(name)));
      const bounds = { pages: PAGES, ...(kind === "prefill" && { n: 64, blocks: PAGES }) };
      return await buildGraph(graph, device, { weights: own, bounds });
    };
    const programs = { prefill: await make("prefill"), decode: await make("decode") };
    return new HostSteps(programs, config, QUANTIZATIONS[quantization].dtype, context);
  }

  /** Begins another text. */
  restart(): void {
    this.#length = 0;
  }

  /** Appends tokens, and gives the logits of the last. */
  async append(ids: readonly number[], kind: StepOptions["kind"]): Promise<Float32Array> {
    const given = kind === "prefill" ? this.#prompt(ids) : this.#state(ids[0] as number);
    const { logits, state, ...caches } = await this.programs[kind].run({
      ...given,
      table: kind === "prefill" ? this.#table : this.#table.slice(0, Math.ceil(this.context / PAGE_SIZE)),
      ...this.#caches,
    });
    if (state) this.next = state[2 + this.#length] as number;
    this.#caches = caches;
    this.#length += ids.length;
    return logits as Float32Array;
  }

  #prompt(ids: readonly number[]): Inputs {
    return { ids: Int32Array.from(ids), positions: Int32Array.from(ids, (_, k) => this.#length + k) };
  }

  #state(id: number): Inputs {
    const state = new Int32Array(stateWidth(this.context)).fill(-7);
    state[0] = this.#length;
    state[1 + this.#length] = id;
    return { state };
  }

  /** Frees the programs. */
  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
