/** Sequences that are decoded together: several tokens follow each other on the device before the host reads them. */
import type { DeviceTensor } from "../../runtime/device_tensor.ts";
import type { Sequence } from "./cache/page_table.ts";
import type { Engine } from "./engine.ts";
import type { Constraint } from "./constraint/constraint.ts";
import { COLUMNS, PER_WORD } from "./sampling/choice.ts";
import { choiceOf, type Settings } from "./sampling/settings.ts";
import { stateWidth } from "./state_programs.ts";
import { PAGE_SIZE, WHOLE } from "./step_graph.ts";

/** A sequence of a batch. */
export interface Row {
  /** Its place in the cache, which holds all its tokens but the last. */
  readonly sequence: Sequence;
  /** Its tokens. */
  readonly ids: readonly number[];
  /** Its first tokens that are the prompt's. */
  readonly promptTokens: number;
  /** How its tokens are chosen. */
  readonly settings: Settings;
  /** What its tokens must be. Then they are decoded one by one. */
  readonly constraint?: Constraint | undefined;
}

/** What steps gave. */
export interface Decoded {
  /** The tokens of each row, one for each step. */
  readonly tokens: readonly (readonly number[])[];
  /** The logits of the last step, by rows, where they were asked for. */
  readonly logits?: Float32Array;
}

/** The smallest span that decodes are compiled for: a text that is short doesn't look at a long one's pages. */
const LEAST_SPAN = 128;

/** The span that a decode up to a position is compiled for. */
export function spanOf(positions: number, context: number): number {
  for (let span = LEAST_SPAN; span <= WHOLE; span *= 4) {
    if (positions <= span || span >= context) {
      return Math.min(span, Math.ceil(context / PAGE_SIZE) * PAGE_SIZE);
    }
  }
  return context > WHOLE ? context : WHOLE;
}

/** A batch of rows on a device. Dispose it. */
export class Decoding implements Disposable {
  readonly #held = new DisposableStack();
  readonly #inputs: Record<string, DeviceTensor> = {};
  #pages = "";
  #table: DeviceTensor | undefined;

  /** Puts the state of rows on the device. */
  constructor(readonly engine: Engine, readonly rows: readonly Row[]) {
    const { device, options } = engine, { context, config } = options, count = rows.length;
    const put = (name: string, data: Float32Array | Int32Array | Uint32Array, width?: number) => {
      const shape = width === undefined ? [count] : [count, width];
      this.#inputs[name] = this.#held.use(device.tensor(data as Int32Array<ArrayBuffer>, shape));
    };
    const state = new Int32Array(count * stateWidth(context));
    rows.forEach(({ ids }, k) => state.set([ids.length - 1, ...ids], k * stateWidth(context)));
    put("state", state, stateWidth(context));
    const choice = choiceOf(rows.map((r) => r.settings)), { vocabularySize } = config;
    if (choice.random || choice.mask || choice.bias || choice.penalties) {
      put("parameters", this.#parameters(vocabularySize), COLUMNS.length);
    }
    if (choice.random) put("seeds", Uint32Array.from(rows, (r) => r.settings.seed));
    if (choice.mask) {
      const words = Math.ceil(vocabularySize / PER_WORD);
      put("mask", new Uint32Array(count * words), words);
    }
    if (choice.bias) {
      const bias = new Float32Array(count * vocabularySize);
      rows.forEach((r, k) => r.settings.bias.forEach((x, id) => bias[k * vocabularySize + id] = x));
      put("bias", bias, vocabularySize);
    }
    if (!choice.penalties) return;
    const counts = new Int32Array(count * vocabularySize);
    rows.forEach(({ ids, promptTokens }, k) =>
      ids.forEach((id, at) => {
        const place = k * vocabularySize + id, before = counts[place] as number;
        counts[place] = at < promptTokens ? before | 1 : before + 2;
      })
    );
    put("counts", counts, vocabularySize);
  }

  /** The parameters of all rows. A row that takes all tokens has the size of the vocabulary. */
  #parameters(vocabulary: number): Float32Array {
    const at = COLUMNS.indexOf("topK");
    return Float32Array.from(
      this.rows.flatMap((r) => r.settings.parameters.map((x, k) => k === at && x === 0 ? vocabulary : x)),
    );
  }

  /**
   * Decodes `steps` tokens of each row. The cache must have room for them.
   *
   * @param withLogits reads the logits of the last step too
   */
  async run(steps: number, withLogits: boolean): Promise<Decoded> {
    const { engine, rows } = this, { table, options } = engine;
    const before = rows.map((r) => table.lengthOf(r.sequence) - steps);
    const span = spanOf(Math.max(...before) + steps, options.context);
    const { program, caches } = await engine.decoder({
      batch: rows.length === 1 ? 1 : "b",
      span,
      choice: choiceOf(rows.map((r) => r.settings)),
    });
    const blocks = span <= WHOLE
      ? Math.ceil(span / PAGE_SIZE)
      : Math.max(...rows.map((r) => table.pagesOf(r.sequence).length));
    using held = new DisposableStack();
    let logits: DeviceTensor | undefined;
    await this.#writeMask();
    for (let k = 0; k < steps; k++) {
      const made = await program.submit({ ...this.#inputs, table: this.#pagesIn(blocks), ...caches });
      logits?.[Symbol.dispose]();
      logits = held.use(made.logits as DeviceTensor);
    }
    const state = await (this.#inputs.state as DeviceTensor).read(), width = stateWidth(options.context);
    const last = withLogits ? await logits?.read() as Float32Array : undefined;
    const tokens = before.map((from, k) =>
      [...state.subarray(k * width + from + 2, k * width + from + 2 + steps)] as number[]
    );
    return { tokens, ...(last && { logits: last }) };
  }

  /** Tells the device which tokens may come next. */
  async #writeMask(): Promise<void> {
    const { mask } = this.#inputs;
    if (!mask) return;
    const all = new Uint32Array(mask.length).fill(0xffffffff), words = mask.length / this.rows.length;
    for (const [k, { constraint }] of this.rows.entries()) {
      const own = await constraint?.mask();
      if (own) all.set(own, k * words);
    }
    mask.write(all);
  }

  /** The tensor of the pages of all rows, which is written where pages have changed. */
  #pagesIn(blocks: number): DeviceTensor {
    const all = this.rows.map((r) => this.engine.table.pagesOf(r.sequence));
    const data = Int32Array.from(
      all.flatMap((pages) => Array.from({ length: blocks }, (_, k) => pages[k] ?? 0)),
    );
    const key = `${blocks} ${data.join()}`;
    if (this.#table && key === this.#pages) return this.#table;
    this.#table?.[Symbol.dispose]();
    this.#pages = key;
    return this.#table = this.engine.device.tensor(data, [this.rows.length, blocks]);
  }

  /** Frees the state. */
  [Symbol.dispose](): void {
    this.#table?.[Symbol.dispose]();
    this.#held.dispose();
  }
}
