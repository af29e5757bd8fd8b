import * as dlight from "../dlight/schedule.ts";
import * as kinds from "./option_fields.ts";
import { lowBatchGemv } from "../dlight/rules/low_batch_gemv.ts";
import type { Rule } from "../dlight/rule.ts";
import { TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import { specialize } from "../arith/specialize.ts";
import { pickShapes, type Shapes } from "../ir/shapes.ts";
import { checkArguments, checkInputs, type Inputs } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Device } from "../runtime/device.ts";
import { BUILD_FIELDS, buildAmong, type BuildOptions, type BuiltProgram } from "./build.ts";
import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { arrayOf, name, positive } from "../base/option_kinds.ts";

/** A program for launches with at most `upTo` rows. */
export interface Bucket {
  /** Infinity for the last one. */
  readonly upTo: number;
  /** The rule that schedules it. */
  readonly rule: string;
  /** The program for launches of the bucket. */
  readonly program: BuiltProgram;
}

/** Several programs for one operator; each launch runs the one for its number of rows. Dispose it. */
export class Dispatch implements Disposable {
  /** Holds the programs; `buildDispatch` makes them. */
  constructor(
    readonly variable: string,
    /** By rising `upTo`. */
    readonly buckets: readonly Bucket[],
  ) {}

  /** Finds the bucket for a number of rows. */
  bucketOf(rows: number): Bucket {
    checkArgument("dispatch.bucketOf", "rows", rows, positive);
    return this.buckets.find((b) => rows <= b.upTo) as Bucket;
  }

  /**
   * Runs the program of the right bucket, as `Program.run` does.
   *
   * @throws {RuntimeError} for arguments that don't fit, and for what the device reports
   */
  async run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>> {
    const general = this.buckets.at(-1) as Bucket;
    checkInputs("dispatch.run", inputs, shapes);
    const known = checkArguments(general.program.executable, inputs, shapes);
    const { program } = this.bucketOf(known[this.variable] as number);
    return await program.run(inputs, pickShapes(known, program.executable.shapeVars));
  }

  /** Disposes all programs. */
  [Symbol.dispose](): void {
    for (const b of this.buckets) b.program[Symbol.dispose]();
  }
}

/** The options of `build`, and the buckets. */
export interface DispatchOptions extends BuildOptions {
  /** The shape variable that counts rows. Default "m". */
  readonly variable?: string;
  /** Default 1, 2 and 8. */
  readonly buckets?: readonly number[];
}

const DISPATCH_FIELDS = {
  ...BUILD_FIELDS,
  variable: name,
  buckets: arrayOf(positive),
} satisfies Fields<DispatchOptions>;

/**
 * Builds an operator with a symbolic number of rows, one program per bucket. One row uses the rule for a vector (the
 * program specialized), few rows LowBatchGEMV, other numbers the first rule that matches. A bucket without a matching
 * rule is left out. From level 2 on each program is tuned for the rows that its bucket takes, and the last one for those
 * in `shapes`. At level 0 there is one program for all numbers of rows.
 *
 * @throws {TunebookError} if the program has no shape variable `variable`, and as `build` does
 */
export async function buildDispatch(
  func: PrimFunc,
  device: Device,
  options: DispatchOptions = {},
): Promise<Dispatch> {
  checkArgument("buildDispatch", "func", func, kinds.program);
  checkArgument("buildDispatch", "device", device, kinds.localDevice);
  checkOptions("buildDispatch", options, DISPATCH_FIELDS, kinds.RENAMED);
  const { variable = "m", buckets = [1, 2, 8], ...how } = options;
  if (!func.shapeVars.some((v) => v.name === variable)) {
    throw new TunebookError(
      `expected a shape variable of ${func.name} for its buckets, got ${variable}: its shape variables are ` +
        (func.shapeVars.map((v) => v.name).join(", ") || "none"),
    );
  }
  const built: Bucket[] = [];
  const add = async (upTo: number, f: PrimFunc, shapes: Shapes, rules: readonly Rule[]): Promise<void> => {
    const program = await buildAmong(f, device, { ...how, shapes }, rules);
    built.push({ upTo, rule: program.built.rule, program });
  };
  const others = Object.fromEntries(Object.entries(how.shapes ?? {}).filter(([name]) => name !== variable));
  const sizes = how.level === 0 ? [] : [...new Set(buckets)].toSorted((x, y) => x - y);
  try {
    for (const b of sizes) {
      const rows = Object.fromEntries([[variable, b]]);
      if (b === 1) await add(1, specialize(func, rows), others, dlight.rules);
      else if (lowBatchGemv(b).match(func, device.target).template) {
        await add(b, func, { ...others, ...rows }, [lowBatchGemv(b), ...dlight.rules]);
      }
    }
    await add(Infinity, func, how.shapes ?? {}, dlight.rules);
  } catch (e) {
    for (const b of built) b.program[Symbol.dispose]();
    throw e;
  }
  return new Dispatch(variable, built);
}
