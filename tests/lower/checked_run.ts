/** Runs scheduled programs with poisoned outputs and holds every element against the interpreter. */
import { compile } from "../../lib/codegen/compile.ts";
import type { Executable } from "../../lib/codegen/executable.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { type Arrays, interpret } from "../../lib/interp/interpret.ts";
import { checkOutput } from "../../lib/measure/check.ts";
import { randomInputs } from "../../lib/measure/random_inputs.ts";
import type { Inputs, Shapes } from "../../lib/runtime/arguments.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import type { Bound } from "../../lib/runtime/backend.ts";
import type { Device } from "../../lib/runtime/device.ts";

/** A program's arguments, and what must come out. */
export interface Subject {
  readonly func: PrimFunc;
  readonly shapes: Shapes;
  readonly inputs: Inputs;
  readonly reference: Arrays;
}

/** `func` on fresh random inputs (or those given), interpreted without checks of indices: te's tests have them. */
export function subjectOf(func: PrimFunc, shapes: Shapes, seed: number, given?: Arrays): Subject {
  const inputs = given as Inputs | undefined ?? randomInputs(func, seed, shapes);
  return { func, shapes, inputs, reference: interpret(func, inputs, { shapes, check: false }) };
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

/** The same where the arguments are on a device already. */
export async function wrongBound(subject: Subject, bound: Bound): Promise<string | undefined> {
  bound.poison();
  await bound.run(1);
  return wrongAmong(subject, await bound.read());
}

/** The same for results that there are. */
export function wrongAmong(
  { func, reference }: Subject,
  results: Readonly<Record<string, TypedArray>>,
): string | undefined {
  const f16 = [...func.params, ...func.allocs].some((b) => b.dtype === "f16");
  for (const [name, wanted] of Object.entries(reference)) {
    const result = results[name];
    if (!result) return `there is no result ${name}`;
    const { wrong } = checkOutput(name, result, wanted, f16 ? "f16" : "f32");
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
