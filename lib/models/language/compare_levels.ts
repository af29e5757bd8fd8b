/** Compares the levels of building a language model: whole texts at each, interleaved. */
import type { Fields } from "../../base/check_options.ts";
import { anyOf, arrayOf, count, flag, integer, oneOf, positive, text } from "../../base/option_kinds.ts";
import type { Budget } from "../../autotvm/budget.ts";
import type { FunctionRow } from "../../records/graph_functions.ts";
import { TuningDatabase } from "../../records/database.ts";
import { type Spent, timeOf } from "../../runtime/backend.ts";
import { stopwatch } from "../../runtime/platform.ts";
import { GRAPH_BUILD_FIELDS } from "../../tuning/build_graph.ts";
import type { Level } from "../../tuning/built.ts";
import { type BuiltLevel, comparisonOf, levelRowOf, levelsFor } from "../../tuning/compare_graph.ts";
import { Interruptible } from "../../tuning/interrupt.ts";
import { InterruptedError } from "../../tuning/interrupted_error.ts";
import { functionTimes } from "../../tuning/profile_graph.ts";
import type { SuiteLog } from "../../tuning/suite_log.ts";
import { TokenComparison } from "../../tuning/token_comparison.ts";
import { ModelError } from "../error.ts";
import { Decoding, spanOf } from "./decoding.ts";
import type { Engine } from "./engine.ts";
import { GREEDY } from "./sampling/choice.ts";
import { type Settings, settingsOf } from "./sampling/settings.ts";
import { tuneSteps } from "./tune_steps.ts";

/** What `compare` of a language model takes. */
export interface CompareModelOptions {
  /** The levels. Default: 0 and 1; 2 where there is a database, and 3 where there is a budget. */
  readonly levels?: readonly Level[];
  /** Of levels 2 and 3: where records are found; the winners of level 3 are added to it. */
  readonly database?: TuningDatabase;
  /** Of the search at level 3. Without it, level 3 takes the database as a search has left it. */
  readonly budget?: Pick<Budget, "seconds" | "trials">;
  /** The prompt of the texts: a text, or token ids. Default: "Once upon a time". */
  readonly prompt?: string | readonly number[];
  /** The tokens that each text generates. Default: 16, or what the context has room for. */
  readonly tokens?: number;
  /** Texts of each level, interleaved with those of the others. Default: 31. */
  readonly rounds?: number;
  /** Also times the functions of a token at each level, each alone. Default: true. */
  readonly functions?: boolean;
  /** Seed of the search and of the functions' random inputs, a 32-bit integer. Default: 0. */
  readonly seed?: number;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

const { database, budget, signal } = GRAPH_BUILD_FIELDS;
/** The kinds of {@linkcode CompareModelOptions}. */
export const COMPARE = {
  levels: arrayOf(oneOf(0, 1, 2, 3), { min: 1 }),
  database,
  budget,
  prompt: anyOf(text, arrayOf(count)),
  tokens: positive,
  rounds: positive,
  functions: flag,
  seed: integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }, "a 32-bit integer"),
  signal,
} satisfies Fields<CompareModelOptions>;

/** The tokens of a text by default, and those that follow each other before they are read. */
const TOKENS = 16, STEPS = 8;
/** Texts of each level by default. Many short ones have a narrower interval than few long ones, in the same time. */
const ROUNDS = 31;
/** How far logits may be off where tokens differ, as a share of the value and of all values' root mean square. */
const TOLERANCE = { f16: 0.02, f32: 1e-3 } as const;

/** The model at a level. */
interface Contender extends BuiltLevel {
  readonly engine: Engine;
}

/** What all texts are. */
interface Task {
  readonly ids: readonly number[];
  readonly tokens: number;
}

/**
 * Compares the levels on a model's texts. Each level's first text must have the first level's tokens, or logits of its first
 * token within rounding. Then texts of all levels are interleaved, and timed from the prompt to the last token: by the CPU
 * time of this process where the device's clock is that, else by the wall clock.
 *
 * @throws {ModelError} where a level lacks what it needs
 * @throws {InterruptedError} if it is stopped before every level was measured
 */
export async function compareLevels(
  engine: Engine,
  name: string,
  ids: readonly number[],
  options: CompareModelOptions & { readonly defaults: Settings },
): Promise<TokenComparison> {
  const { rounds = ROUNDS, seed = 0, tokens = TOKENS } = options;
  const room = engine.options.context - ids.length;
  if (room < 1) throw new ModelError(`expected a prompt shorter than the context, got ${ids.length} tokens`);
  const task = { ids, tokens: Math.min(tokens, room) };
  using stop = new Interruptible(options.signal);
  using held = new DisposableStack();
  const { contenders, search } = await contendersOf(engine, task, options, held, stop.signal);
  const right = contenders.filter((c) => c.checked.wrong === undefined);
  const samples = new Map(contenders.map((c): [Contender, number[]] => [c, []]));
  // The host's part of a token is part of its time, so a device's own clock is not asked.
  const clock = engine.device.target.clock === "cpu" ? "cpu" : "wall";
  for (let round = 0; round < rounds; round++) {
    // Each order as often as the other, so that what comes first has no advantage.
    for (const c of round % 2 === 0 ? right : right.toReversed()) {
      if (stop.signal.aborted) throw new InterruptedError(`the comparison of ${name}`, search?.records ?? []);
      const { spent } = await generated(c.engine, task);
      samples.get(c)?.push(timeOf(spent, clock) / task.tokens);
    }
  }
  const rows = contenders.map((c) =>
    levelRowOf(c, name, samples.get(c) ?? [], samples.get(contenders[0] as Contender) ?? [])
  );
  const functionRows: FunctionRow[] = [];
  for (const { model, level } of options.functions === false ? [] : right) {
    const profiled = { built: model.built, level, device: engine.device };
    const shapes = engine.decodeStep(kindOf(engine, task)).bounds;
    functionRows.push(...await functionTimes(profiled, { shapes, seed, signal: stop.signal }));
  }
  return new TokenComparison(
    comparisonOf({ name: `a token of ${name}` }, engine.device, rows, functionRows, search),
  );
}

async function contendersOf(
  engine: Engine,
  task: Task,
  options: CompareModelOptions & { readonly defaults: Settings },
  held: DisposableStack,
  signal: AbortSignal,
): Promise<{ readonly contenders: readonly Contender[]; readonly search: SuiteLog | undefined }> {
  const { budget, seed = 0, defaults } = options, known = options.database;
  const { levels = levelsFor(options) } = options;
  if (!known && (levels.includes(2) || (levels.includes(3) && !budget))) {
    throw new ModelError(`expected a database to compare level 2, or a budget for level 3, got none`);
  }
  const database = known ?? held.use(TuningDatabase.memory());
  const contenders: Contender[] = [];
  let search: SuiteLog | undefined, expected: Generated | undefined;
  // Level 3 comes last, as it adds to what level 2 knows.
  for (const level of [...new Set(levels)].toSorted()) {
    if (level === 3 && budget) {
      search = await tuneSteps(engine, defaults, { budget, database, seed, signal });
    }
    const begun = performance.now();
    const own = held.use(engine.at(level < 2 ? { level } : { level: 2, database }));
    const model = await own.warm(kindOf(engine, task));
    const buildSeconds = (performance.now() - begun) / 1000;
    const got = await generated(own, task, true);
    expected ??= got;
    const searchSeconds = level === 3 && search ? search.rows.reduce((s, r) => s + r.seconds, 0) : 0;
    const checked = check(got, expected, engine.dtype);
    contenders.push({ level, engine: own, model, buildSeconds, searchSeconds, checked });
  }
  return { contenders, search };
}

function kindOf(engine: Engine, { ids, tokens }: Task) {
  return { batch: 1, span: spanOf(ids.length + tokens, engine.options.context), choice: GREEDY } as const;
}

interface Generated {
  readonly tokens: readonly number[];
  /** Those of the first token, where they were asked for. */
  readonly logits: Float32Array | undefined;
  readonly spent: Spent;
}

/** Generates the most probable tokens after a prompt. */
async function generated(engine: Engine, { ids, tokens }: Task, withLogits = false): Promise<Generated> {
  const elapsed = stopwatch(), sequence = engine.table.add(), all: number[] = [];
  let logits: Float32Array | undefined;
  try {
    await engine.prefill(sequence, ids.slice(0, -1));
    const settings = settingsOf({ temperature: 0 }, {}, 0);
    using decoding = new Decoding(engine, [{ sequence, ids, promptTokens: ids.length, settings }]);
    while (all.length < tokens) {
      const first = withLogits && all.length === 0, steps = first ? 1 : Math.min(STEPS, tokens - all.length);
      await engine.reserve(sequence, steps);
      const made = await decoding.run(steps, first);
      all.push(...made.tokens[0] as readonly number[]);
      logits ??= made.logits;
      engine.table.slide(sequence);
    }
  } finally {
    engine.table.remove(sequence);
  }
  return { tokens: all, logits, spent: elapsed() };
}

function check(got: Generated, expected: Generated, dtype: "f16" | "f32"): Contender["checked"] {
  const want = expected.logits ?? new Float32Array(), z = got.logits ?? new Float32Array();
  const rms = Math.sqrt(want.reduce((sum, x) => sum + x * x, 0) / Math.max(1, want.length));
  const maxError = want.reduce((most, x, k) => {
    const error = Math.abs((z[k] ?? NaN) - x) / (Math.abs(x) + rms);
    return error <= most ? most : error;
  }, 0);
  const at = got.tokens.findIndex((id, k) => id !== expected.tokens[k]);
  if (at < 0 || maxError <= TOLERANCE[dtype]) return { maxError };
  const wrong = `expected token ${expected.tokens[at]} at ${at}, got ${
    got.tokens[at]
  }; logits are off by ${maxError}`;
  return { maxError, wrong };
}
