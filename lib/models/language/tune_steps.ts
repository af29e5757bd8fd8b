/** Searches the functions of a language model's steps with one budget. */
import type { Fields } from "../../base/check_options.ts";
import { integer, required } from "../../base/option_kinds.ts";
import { GRAPH_BUILD_FIELDS } from "../../tuning/build_graph.ts";
import type { SuiteLog } from "../../tuning/suite_log.ts";
import type { SuiteMember } from "../../tuning/suite_tasks.ts";
import { membersOf, type TuneGraphOptions } from "../../tuning/tune_graph.ts";
import { tuneFunctions } from "../../tuning/tune_functions.ts";
import type { Shapes } from "../../ir/shapes.ts";
import { ModelError } from "../error.ts";
import { spanOf } from "./decoding.ts";
import { type Engine, MOST_ROWS, type Step } from "./engine.ts";
import type { Settings } from "./sampling/settings.ts";
import { stateWidth } from "./state_programs.ts";
import { PAGE_SIZE, WHOLE } from "./step_graph.ts";

/** What `tune` of a language model takes. */
export interface TuneModelOptions extends
  Pick<
    TuneGraphOptions,
    | "budget"
    | "database"
    | "tuner"
    | "seed"
    | "deadlineMs"
    | "maxMemory"
    | "signal"
    | "reporter"
    | "open"
  > {
  /**
   * The texts that are decoded together, at most 64. Above 1 the kernels of a batch are searched, in place of those of a
   * single text. Default: 1.
   */
  readonly batch?: number;
}

const { budget, database, tuner, seed, deadlineMs, maxMemory, signal, reporter, open } = GRAPH_BUILD_FIELDS;
/** The kinds of {@linkcode TuneModelOptions}. */
export const TUNE = {
  budget: required(budget),
  batch: integer({ min: 1, max: MOST_ROWS }),
  database,
  tuner,
  seed,
  deadlineMs,
  maxMemory,
  signal,
  reporter,
  open,
} satisfies Fields<TuneModelOptions>;

type Inputs = NonNullable<SuiteMember["inputs"]>;

/** A step of a text, and how often it runs. */
interface Part {
  readonly name: string;
  readonly step: Step;
  /** The sizes that it is searched for, where these are less than its bounds. */
  readonly shapes?: Shapes;
  /** Its runs for each token of a text that fills the context, after a prompt of the same length. */
  readonly runs: number;
  /** Inputs of its programs as texts have them: no two rows write to one place of the cache. */
  readonly inputs: Inputs;
}

/** Lists the functions of a text's steps, each with the number of its calls for a token. */
export function stepMembers(engine: Engine, settings: Settings, batch = 1): readonly SuiteMember[] {
  return partsOf(engine, settings, batch).flatMap(({ name, step, shapes, runs, inputs }) =>
    membersOf(step.graph, engine.device, { bounds: step.bounds, ...(shapes && { shapes }) })
      .map((m) => ({ ...m, name: `${name}.${m.name}`, count: m.count * runs, inputs }))
  );
}

/**
 * Searches the functions of a text's steps. The winners are added to the database.
 *
 * @throws {ModelError} for a batch that the cache has too few pages for
 */
export async function tuneSteps(
  engine: Engine,
  settings: Settings,
  { batch = 1, ...options }: TuneModelOptions,
): Promise<SuiteLog> {
  const { pages } = engine.options;
  if (batch > pages) {
    throw new ModelError(
      `expected a cache of at least a page for each text of a batch of ${batch}, got ${pages} pages; load with more sequences`,
    );
  }
  return await tuneFunctions(stepMembers(engine, settings, batch), engine.device, options);
}

function partsOf(engine: Engine, settings: Settings, batch: number): readonly Part[] {
  const { chunk, context } = engine.options;
  const prefill: Part = {
    name: "prefill",
    step: engine.prefillStep(),
    runs: 1 / chunk,
    inputs: {
      positions: Int32Array.from({ length: chunk }, (_, k) => k),
      table: tableOf(engine, engine.mostBlocks),
    },
  };
  const parts = [prefill];
  for (let from = 0; from < context;) {
    const span = spanOf(from + 1, context), to = Math.min(span, context);
    parts.push({
      name: `decode${to}`,
      step: engine.decodeStep({ batch: batch === 1 ? 1 : "b", span, choice: settings.choice }),
      ...(batch > 1 && { shapes: { b: batch } }),
      runs: (to - from) / context / batch,
      inputs: decodeInputs(engine, settings, span, batch),
    });
    from = to;
  }
  return parts;
}

/** Inputs of a decode at the last position of its span. Each text writes to a page of its own. */
function decodeInputs(engine: Engine, { parameters }: Settings, span: number, batch: number): Inputs {
  const { context, config: { vocabularySize } } = engine.options, last = Math.min(span, context) - 1;
  const width = stateWidth(context), blocks = span > WHOLE ? engine.mostBlocks : Math.ceil(span / PAGE_SIZE);
  const state = Int32Array.from(
    { length: batch * width },
    (_, k) => k % width === 0 ? last : k % vocabularySize,
  );
  return {
    state,
    picked: { below: Math.min(context, vocabularySize) },
    parameters: Float32Array.from(Array.from({ length: batch }, () => parameters).flat()),
    table: tableOf(engine, blocks, batch),
  };
}

/** The pages of texts: neighbours in a block, so that the last ones differ. */
function tableOf({ options: { pages } }: Engine, blocks: number, batch = 1): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: batch * blocks }, (_, k) => {
    const row = Math.floor(k / blocks);
    return (k % blocks * batch + row) % pages;
  });
}
