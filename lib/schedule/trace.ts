import { fingerprint } from "../ir/fingerprint.ts";
import type { PrimFunc } from "../ir/func.ts";
import { ScheduleError } from "./error.ts";
import { apply, primitives, type Step } from "./step.ts";

export interface TraceJson {
  readonly program: { readonly name: string; readonly fingerprint: string };
  readonly steps: readonly Step[];
}

/** A schedule as data: which program it is for, and its steps. */
export class Trace {
  private constructor(readonly program: TraceJson["program"], readonly steps: readonly Step[]) {}

  static of(func: PrimFunc, steps: readonly Step[]): Trace {
    return new Trace({ name: func.name, fingerprint: fingerprint(func) }, [...steps]);
  }

  /**
   * The trace of JSON data, or of its text as records hold it.
   *
   * @throws {ScheduleError} where `json` is not a trace
   */
  static fromJSON(json: unknown): Trace {
    const { program, steps } = (typeof json === "string" ? parsed(json) : json ?? {}) as Partial<TraceJson>;
    if (
      typeof program?.name !== "string" || typeof program.fingerprint !== "string" || !Array.isArray(steps)
    ) {
      throw new ScheduleError("cannot read a trace: it needs { program: { name, fingerprint }, steps: [] }");
    }
    for (const step of steps as readonly Partial<Step>[]) {
      if (typeof step?.op !== "string" || !Object.hasOwn(primitives, step.op)) {
        throw new ScheduleError(
          `cannot read a trace: unknown step ${JSON.stringify(step)}; known are ${
            Object.keys(primitives).join(", ")
          }`,
        );
      }
    }
    return new Trace(program, steps);
  }

  toJSON(): TraceJson {
    return { program: this.program, steps: this.steps };
  }

  toString(): string {
    return this.steps.map((s) => {
      const { op, ...args } = s;
      return `sch.${op}(${Object.values(args).map((a) => JSON.stringify(a)).join(", ")})`;
    }).join("\n");
  }

  /** What a notebook's cell shows. */
  [Symbol.for("Jupyter.display")](): Readonly<Record<string, unknown>> {
    return { "text/plain": `${this}` };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? {};
  } catch (e) {
    throw new ScheduleError(`cannot read a trace: ${e instanceof Error ? e.message : e}`);
  }
}

/**
 * The program that `trace`'s schedule makes of `func`; a trace may come as the JSON text that records hold.
 *
 * @throws {ScheduleError} where the trace is of another program, or a step does not fit
 */
export function replay(func: PrimFunc, trace: Trace | TraceJson | string): PrimFunc {
  const { program, steps } = trace instanceof Trace ? trace : Trace.fromJSON(trace);
  const own = fingerprint(func);
  if (own !== program.fingerprint) {
    throw new ScheduleError(
      `cannot replay a trace of ${program.name} (${program.fingerprint}) on ${func.name} (${own}): ` +
        `a trace fits only the program that it was made for, with the same shapes and dtypes`,
    );
  }
  return steps.reduce((f, step) => apply(f, step).func, func);
}
