import { compile } from "../codegen/compile.ts";
import { lowBatchGemv } from "../dlight/low_batch_gemv.ts";
import * as dlight from "../dlight/schedule.ts";
import { TunebookError } from "../ir/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { specialize } from "../ir/specialize.ts";
import { checkArguments, type Inputs, type Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Device } from "../runtime/device.ts";
import type { Program } from "../runtime/program.ts";

/** A program for launches with at most so many rows. */
export interface Bucket {
  /** Infinity for the last one. */
  readonly upTo: number;
  readonly rule: string;
  readonly program: Program;
}

/** Several programs for one operator; each launch takes the one for its number of rows. Dispose it. */
export class Dispatch implements Disposable {
  constructor(
    readonly variable: string,
    /** By rising `upTo`. */
    readonly buckets: readonly Bucket[],
  ) {}

  /** The bucket that a launch with so many rows takes. */
  bucketOf(rows: number): Bucket {
    return this.buckets.find((b) => rows <= b.upTo) as Bucket;
  }

  /**
   * Runs the program of the right bucket, as `Program.run` does.
   *
   * @throws {RuntimeError} for arguments that don't fit, and for what the device reports
   */
  async run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>> {
    const general = this.buckets.at(-1) as Bucket;
    const known = checkArguments(general.program.executable, inputs, shapes);
    const { program } = this.bucketOf(known[this.variable] as number);
    const own = Object.entries(known).filter(([name]) => program.executable.shapeVars.includes(name));
    return await program.run(inputs, Object.fromEntries(own));
  }

  [Symbol.dispose](): void {
    for (const b of this.buckets) b.program[Symbol.dispose]();
  }
}

/**
 * Builds an operator with a symbolic number of rows for each of some buckets: one row by the rule for a vector
 * (the program specialized), few rows by LowBatchGEMV, any number by the first rule that matches. A bucket
 * whose rule does not match is left out.
 *
 * @throws {TunebookError} if `variable` is no shape variable of the program
 */
export async function buildDispatch(
  func: PrimFunc,
  device: Device,
  options: { readonly variable?: string; readonly buckets?: readonly number[] } = {},
): Promise<Dispatch> {
  const { variable = "m", buckets = [1, 2, 8] } = options;
  const bad = buckets.find((b) => !(Number.isSafeInteger(b) && b > 0));
  if (bad !== undefined) {
    throw new TunebookError(`cannot build a bucket of ${bad} rows: it is a positive integer`);
  }
  if (!func.shapeVars.some((v) => v.name === variable)) {
    throw new TunebookError(
      `cannot build ${func.name} by buckets of ${variable}: its shape variables are ` +
        (func.shapeVars.map((v) => v.name).join(", ") || "none"),
    );
  }
  const { target } = device;
  const of = async (upTo: number, scheduled: dlight.Ruled): Promise<Bucket> => ({
    upTo,
    rule: scheduled.rule,
    program: await device.load(compile(scheduled.func, target)),
  });
  const built: Bucket[] = [];
  for (const b of [...new Set(buckets)].toSorted((x, y) => x - y)) {
    if (b === 1) built.push(await of(1, dlight.schedule(specialize(func, { [variable]: 1 }), target)));
    else if (lowBatchGemv(b).match(func, target).template) {
      built.push(await of(b, dlight.schedule(func, target, [lowBatchGemv(b)])));
    }
  }
  built.push(await of(Infinity, dlight.schedule(func, target)));
  return new Dispatch(variable, built);
}
