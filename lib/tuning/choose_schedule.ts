/** Chooses a program's schedule without a search: by a rule, or by the records of a database. */
import * as dlight from "../dlight/schedule.ts";
import { TunebookError } from "../base/error.ts";
import { compile } from "../codegen/compile.ts";
import type { Executable } from "../codegen/executable.ts";
import type { Rule } from "../dlight/rule.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import { configOf } from "../records/config.ts";
import { presentConfig } from "../records/present_config.ts";
import { isRulesOwn, type TuningDatabase } from "../records/database.ts";
import type { Found } from "../records/nearness.ts";
import { replay, Trace } from "../schedule/trace.ts";
import { spaceOf } from "../space/template.ts";
import type { Target } from "../target/target.ts";
import { byRule, type Chosen } from "./by_rule.ts";
import type { StageClock } from "./stage_clock.ts";
import { transferred } from "./transfer.ts";

/** Records that are tried before the rule is used: untrusted records may be many, and all of them wrong. */
const TRIES = 16;

/** What {@linkcode byRecord} asks. */
export interface Known {
  /** The records. */
  readonly database: TuningDatabase;
  /** Values of the shape variables to choose for. */
  readonly shapes?: Shapes;
  /** Schedules by rules where no record fits. Default: without a cache. */
  readonly ruled?: typeof byRule;
  /** Compiles what a record schedules. Default: without a cache. */
  readonly compiled?: (func: PrimFunc, target: Target) => Executable;
}

/** Takes the best or nearest record that fits, or else the rule. */
export function byRecord(
  func: PrimFunc,
  target: Target,
  { database, shapes = {}, ruled = byRule, compiled = compile }: Known,
  rules: readonly Rule[],
  clock: StageClock,
): Chosen {
  const ranked = clock.time("schedule", () => database.ranked(func, target, shapes));
  const { rule, template } = dlight.match(func, target, rules);
  const own = fingerprint(func);
  let refused = "";
  for (const found of ranked.slice(0, TRIES)) {
    const { record, how } = found;
    // A point of another rule's space is used only if it was measured on this program and device.
    if (how !== "exact" && record.rule !== rule) continue;
    if (how !== "exact" && !(record.medianMs < ruleMs(ranked, found))) {
      refused = `where ${record.task} was measured on ${record.adapter}, nothing beat the rule`;
      break;
    }
    try {
      const scheduled = clock.time(
        "schedule",
        () => {
          if (record.fingerprint === own) return replayed(func, record.trace);
          const space = spaceOf(func, template);
          return transferred(func, template, space, presentConfig(rule, configOf(record.config), space));
        },
      );
      const executable = clock.time("compile", () => compiled(scheduled.func, target));
      const { trace } = scheduled;
      return { how: "record", rule: record.rule, found, because: found.because, trace, executable };
    } catch (e) {
      if (!(e instanceof TunebookError)) throw e;
      refused ||= `the record of ${record.task} on ${record.adapter} does not fit (${e.message})`;
    }
  }
  const chosen = ruled(func, target, rules, clock);
  const known = refused ||
    (ranked.length > 0 ? "no record is of this rule" : "the database has nothing near");
  return { ...chosen, because: `${known}; ${chosen.because}` };
}

/** The program as a record's trace schedules it, with that trace. */
function replayed(func: PrimFunc, json: string): { readonly func: PrimFunc; readonly trace: Trace } {
  const trace = Trace.fromJSON(json);
  return { func: replay(func, trace), trace };
}

/** Gives the time of the rule's own point on a record's device; Infinity if it was not measured. */
function ruleMs(ranked: readonly Found[], { record: r }: Found): number {
  const own = ranked.find(({ record: o }) =>
    o.fingerprint === r.fingerprint && o.task === r.task && o.adapter === r.adapter && o.clock === r.clock &&
    isRulesOwn(o)
  );
  return own?.record.medianMs ?? Infinity;
}
