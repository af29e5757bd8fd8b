/** Runs scheduled programs with poisoned outputs and holds every element against the interpreter. */
import { compile } from "../../lib/codegen/compile.ts";
import type { Executable } from "../../lib/codegen/executable.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Arrays } from "../../lib/interp/interpret.ts";
import { type BoundedOutput, interpretBounded } from "../../lib/interp/interpret_bounded.ts";
import { checkOutput } from "../../lib/measure/check.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import type { Shapes } from "../../lib/runtime/arguments.ts";
import type { Arrays as TypedArrays } from "../../lib/runtime/backend.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import type { Bound } from "../../lib/runtime/backend.ts";
import type { Device } from "../../lib/runtime/device.ts";

/** A program's arguments, and what must come out. */
export interface Subject {
  readonly func: PrimFunc;
  readonly shapes: Shapes;
  readonly inputs: TypedArrays;
  readonly reference: Readonly<Record<string, BoundedOutput>>;
}

/** `func` on fresh random inputs (or those given), interpreted without checks of indices: te's tests have them. */
export function subjectOf(func: PrimFunc, shapes: Shapes, seed: number, given?: Arrays): Subject {
  const inputs = given as TypedArrays | undefined ?? randomInputs(func, seed, shapes);
  return { func, shapes, inputs, reference: interpretBounded(func, inputs, { shapes }) };
}

/** What is wrong with the results of `scheduled` on `device`; undefined where nothing is. */
export function wrongOn(device: Device, subject: Subject, scheduled: PrimFunc): Promise<string | undefined> {
  return wrongResults(device, subject, compile(scheduled, device.target));
}

/** The same for an executable. */
export async function wrongResults(
  device: Device,
  subject: Subject,
  executable: Executable,
): Promise<string | undefined> {
  using program = await device.load(executable);
  using bound = await program.bind(subject.inputs, subject.shapes);
  return await wrongBound(subject, bound);
}

/** What is wrong with the results for the first of some subjects of one program that has wrong ones. */
export async function wrongAmongSubjects(
  device: Device,
  subjects: readonly Subject[],
  executable: Executable,
): Promise<string | undefined> {
  using program = await device.load(executable);
  for (const subject of subjects) {
    using bound = await program.bind(subject.inputs, subject.shapes);
    const wrong = await wrongBound(subject, bound);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** The same where the arguments are on a device already. */
export async function wrongBound(subject: Subject, bound: Bound): Promise<string | undefined> {
  bound.poison();
  await bound.run(1);
  return wrongAmong(subject, await bound.read());
}

/** The same for results that there are. */
export function wrongAmong(
  { reference }: Subject,
  results: Readonly<Record<string, TypedArray>>,
): string | undefined {
  for (const [name, wanted] of Object.entries(reference)) {
    const result = results[name];
    if (!result) return `there is no result ${name}`;
    const { wrong } = checkOutput(name, result, wanted.values, wanted.bounds);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
