import { checkArgument, type Kind } from "../base/check_options.ts";
import { arrayOf, required, text, withFields } from "../base/option_kinds.ts";
import { shownValue } from "../base/shown_value.ts";
import { programKind } from "../ir/kinds.ts";
import { messageOf } from "../base/error.ts";
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { nodesIn } from "../ir/size.ts";
import { ScheduleError } from "./error.ts";
import { OLD_NAMES, type OldNames } from "./old_names.ts";
import { apply, showStep, type Step } from "./step.ts";
import { stepFromJson } from "./step_json.ts";

/** Steps of a schedule, at most: ten times what a rule takes, and few enough to replay. */
export const STEP_LIMIT = 1000;

/** Statements and expressions of an intermediate program, at most: thirty times what rules make. */
const SIZE_LIMIT = 1 << 15;

/** A trace as JSON data. */
export interface TraceJson {
  /** The name and the fingerprint of the program that it is for. */
  readonly program: { readonly name: string; readonly fingerprint: string };
  /** Its steps, in order. */
  readonly steps: readonly Step[];
}

const stepsKind: Kind<readonly Step[]> = arrayOf(
  withFields<Step>("a step, as trace.steps has them", { op: required(text) }),
);

/** A schedule as data: which program it is for, and its steps. */
export class Trace {
  private constructor(readonly program: TraceJson["program"], readonly steps: readonly Step[]) {}

  /** Makes the trace of `steps` on `func`. */
  static of(func: PrimFunc, steps: readonly Step[]): Trace {
    checkArgument("Trace.of", "func", func, programKind);
    checkArgument("Trace.of", "steps", steps, stepsKind);
    return new Trace({ name: func.name, fingerprint: fingerprint(func) }, [...steps]);
  }

  /**
   * Reads a trace from JSON data, or from its text as records hold it. It is untrusted input.
   *
   * @param names of steps, as earlier versions wrote them
   *
   * @throws {ScheduleError} where `json` is not a trace
   */
  static fromJSON(json: unknown, names: OldNames = OLD_NAMES): Trace {
    const { program, steps } = fieldsOf(typeof json === "string" ? parsed(json) : json);
    const { name, fingerprint } = fieldsOf(program);
    if (typeof name !== "string" || typeof fingerprint !== "string" || !Array.isArray(steps)) {
      throw new ScheduleError(
        `expected a trace, got ${shownValue(json)}: it needs { program: { name, fingerprint }, steps: [] }`,
      );
    }
    if (steps.length > STEP_LIMIT) {
      throw new ScheduleError(
        `expected a trace of up to ${STEP_LIMIT} steps, got one of ${steps.length} steps`,
      );
    }
    return new Trace(
      { name, fingerprint },
      Array.from(steps, (step, k) => stepFromJson(step, `step ${k} of a trace of ${name}`, names)),
    );
  }

  /** Gives the trace as JSON data. */
  toJSON(): TraceJson {
    return { program: this.program, steps: this.steps };
  }

  /** Writes the trace as calls, one per line. */
  toString(): string {
    return this.steps.map(showStep).join("\n");
  }
}

/** Gives the own fields of an object; none of other values. */
function fieldsOf(x: unknown): Readonly<Record<string, unknown>> {
  return typeof x === "object" && x !== null ? { ...x } : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new ScheduleError(
      `expected a trace as JSON, got text that is not (${messageOf(e)}), reading a trace`,
    );
  }
}

/**
 * Replays a trace on a program. A trace may come as the JSON text that records hold.
 *
 * @returns the scheduled program
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {ScheduleError} where the trace is of another program, a step does not fit, or the program grows too large
 */
export function replay(func: PrimFunc, trace: Trace | TraceJson | string): PrimFunc {
  checkArgument("replay", "func", func, programKind);
  let last = func;
  for (const next of stages(func, trace instanceof Trace ? trace : Trace.fromJSON(trace))) last = next;
  return last;
}

/**
 * Yields the program after each step of a trace.
 *
 * @throws {ScheduleError} as `replay` does, when it comes to it
 */
export function* stages(func: PrimFunc, { program, steps }: Trace): Generator<PrimFunc> {
  const own = fingerprint(func);
  if (own !== program.fingerprint) {
    throw new ScheduleError(
      `cannot replay a trace of ${program.name} (${program.fingerprint}) on ${func.name} (${own}): ` +
        `a trace fits only the program that it was made for, with the same shapes and dtypes`,
    );
  }
  let last = func;
  for (const [k, step] of steps.entries()) {
    const before = last;
    last = withinStack(
      () => apply(before, step).func,
      () => new ScheduleError(`cannot replay a trace of ${program.name}: step ${k}, ${step.op}: ${TOO_DEEP}`),
    );
    if (nodesIn(last.body) > SIZE_LIMIT) {
      throw new ScheduleError(
        `cannot replay a trace of ${program.name}: step ${k}, ${step.op}, leaves a program of more than ${SIZE_LIMIT} ` +
          `statements and expressions; inline or partition less`,
      );
    }
    yield last;
  }
}
