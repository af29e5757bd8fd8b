/** The searches that a suite of kernels takes. */
import { ownValue } from "../base/own_value.ts";
import { TunebookError } from "../base/error.ts";
import { fingerprint } from "../ir/fingerprint.ts";
import type { GivenInputs } from "../measure/random_inputs.ts";
import type { Shapes } from "../runtime/arguments.ts";
import type { PrimFunc } from "../ir/func.ts";

/** A kernel of a whole: `te.suite` makes a list of them. */
export interface SuiteMember {
  /** The kernel's name. */
  readonly name: string;
  /** The program. */
  readonly func: PrimFunc;
  /** Number of its runs in the whole. */
  readonly count: number;
  /** Values of its shape variables, where `buckets` don't give them. */
  readonly shapes: Shapes;
  /** Inputs by parameter name, over those of the suite. Of equal kernels the first one's count. Default: none. */
  readonly inputs?: GivenInputs;
  /**
   * Milliseconds of one run as its rule schedules it, where they are known. Such kernels are searched by what they may
   * save; all others are measured first. Default: unknown.
   */
  readonly presetMs?: number;
}

/** Values that a shape variable takes at run time, and how often each, for example `[[1, 0.9], [128, 0.1]]`. */
export type Buckets = Readonly<Record<string, readonly (readonly [value: number, weight: number])[]>>;

/** One thing to search. */
export interface SuiteTask {
  readonly names: readonly string[];
  /** The program. */
  readonly func: PrimFunc;
  readonly shapes: Shapes;
  readonly weight: number;
  readonly inputs?: GivenInputs;
  readonly presetMs?: number;
}

/** What equal kernels at equal shapes have in common. */
export function taskKeyOf(func: PrimFunc, shapes: Shapes): string {
  return JSON.stringify([fingerprint(func.with({ name: "" })), shapes]);
}

/** Lists the kernels at their shapes. Equal kernels are merged and their weights added. */
export function tasksOf(members: readonly SuiteMember[], buckets: Buckets): readonly SuiteTask[] {
  const tasks = new Map<string, SuiteTask>();
  for (const { name, func, count, shapes, inputs, presetMs } of members) {
    if (!(count > 0)) {
      throw new TunebookError(`expected the count of kernel ${name} to be a positive number, got ${count}`);
    }
    if (presetMs !== undefined && !(presetMs > 0)) {
      throw new TunebookError(`expected presetMs of kernel ${name} to be a positive number, got ${presetMs}`);
    }
    for (const at of shapesOf(func, shapes, buckets)) {
      const key = taskKeyOf(func, at.shapes), same = tasks.get(key);
      const ms = same?.presetMs ?? (at.shapes === shapes ? presetMs : undefined);
      tasks.set(key, {
        func,
        shapes: at.shapes,
        names: [...(same?.names ?? []), name],
        weight: (same?.weight ?? 0) + count * at.share,
        ...(same ? same.inputs && { inputs: same.inputs } : inputs && { inputs }),
        ...(ms !== undefined && { presetMs: ms }),
      });
    }
  }
  return [...tasks.values()];
}

/** Lists the shapes at which a kernel runs, and the weight of each. */
function shapesOf(
  func: PrimFunc,
  shapes: Shapes,
  buckets: Buckets,
): readonly { readonly shapes: Shapes; readonly share: number }[] {
  let all: readonly { readonly shapes: Shapes; readonly share: number }[] = [{ shapes, share: 1 }];
  for (const { name } of func.shapeVars) {
    const values = ownValue(buckets, name);
    if (!values) continue;
    const bad = values.find(([value, weight]) => !(Number.isSafeInteger(value) && value > 0 && weight > 0));
    const total = values.reduce((sum, [, weight]) => sum + weight, 0);
    if (bad || !(total > 0 && total < Infinity)) {
      throw new TunebookError(
        `cannot tune ${func.name} for ${name} = ${bad?.[0]} with weight ${
          bad?.[1]
        }: buckets are positive integers ` +
          `with positive weights, at least one`,
      );
    }
    all = all.flatMap((at) =>
      values.map(([value, weight]) => ({
        shapes: { ...at.shapes, [name]: value },
        share: at.share * weight / total,
      }))
    );
  }
  return all;
}
