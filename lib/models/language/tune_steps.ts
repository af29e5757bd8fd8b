/** Searches the functions of a language model's steps with one budget. */
import type { Fields } from "../../base/check_options.ts";
import { required } from "../../base/option_kinds.ts";
import { GRAPH_BUILD_FIELDS } from "../../tuning/build_graph.ts";
import type { SuiteLog } from "../../tuning/suite_log.ts";
import type { SuiteMember } from "../../tuning/suite_tasks.ts";
import { membersOf, type TuneGraphOptions } from "../../tuning/tune_graph.ts";
import { tuneFunctions } from "../../tuning/tune_functions.ts";
import { spanOf } from "./decoding.ts";
import type { Engine, Step } from "./engine.ts";
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
  > {}

const { budget, database, tuner, seed, deadlineMs, maxMemory, signal, reporter, open } = GRAPH_BUILD_FIELDS;
/** The kinds of {@linkcode TuneModelOptions}. */
export const TUNE = {
  budget: required(budget),
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
  /** Its runs for each token of a text that fills the context, after a prompt of the same length. */
  readonly runs: number;
  /** Inputs of its programs as texts have them: no two rows write to one place of the cache. */
  readonly inputs: Inputs;
}

/** Lists the functions of a text's steps, each with the number of its calls for a token. */
export function stepMembers(engine: Engine, settings: Settings): readonly SuiteMember[] {
  return partsOf(engine, settings).flatMap(({ name, step, runs, inputs }) =>
    membersOf(step.graph, engine.device, { bounds: step.bounds })
      .map((m) => ({ ...m, name: `${name}.${m.name}`, count: m.count * runs, inputs }))
  );
}

/** Searches the functions of a text's steps. The winners are added to the database. */
export async function tuneSteps(
  engine: Engine,
  settings: Settings,
  options: TuneModelOptions,
): Promise<SuiteLog> {
  return await tuneFunctions(stepMembers(engine, settings), engine.device, options);
}

function partsOf(engine: Engine, settings: Settings): readonly Part[] {
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
      step: engine.decodeStep({ batch: 1, span, choice: settings.choice }),
      runs: (to - from) / context,
      inputs: decodeInputs(engine, settings, span),
    });
    from = to;
  }
  return parts;
}

/** Inputs of a decode at the last position of its span. */
function decodeInputs(engine: Engine, { parameters }: Settings, span: number): Inputs {
  const { context, config: { vocabularySize } } = engine.options, last = Math.min(span, context) - 1;
  const state = Int32Array.from({ length: stateWidth(context) }, (_, k) => k % vocabularySize);
  state[0] = last;
  return {
    state,
    picked: { below: Math.min(context, vocabularySize) },
    parameters: Float32Array.from(parameters),
    table: tableOf(engine, span > WHOLE ? engine.mostBlocks : Math.ceil(span / PAGE_SIZE)),
  };
}

function tableOf({ options: { pages } }: Engine, blocks: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: blocks }, (_, k) => k % pages);
}
