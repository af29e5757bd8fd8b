/** Fields of untrusted JSON, each of one kind. */
import { IrError } from "./error.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function record(x: unknown): Fields {
  if (typeof x !== "object" || x === null || Array.isArray(x)) {
    throw new IrError(`expected an object, got ${show(x)}`);
  }
  return x as Fields;
}
export function list(x: unknown): readonly unknown[] {
  if (!Array.isArray(x)) throw new IrError(`expected a list, got ${show(x)}`);
  return x;
}
export function text(x: unknown): string {
  if (typeof x !== "string") throw new IrError(`expected text, got ${show(x)}`);
  if (x.length > LONGEST_NAME) {
    throw new IrError(`a name is ${x.length} letters long, ${show(x)}…, and up to ${LONGEST_NAME} work`);
  }
  return x;
}
export function number(x: unknown): number {
  if (typeof x !== "number" || !Number.isFinite(x)) throw new IrError(`expected a number, got ${show(x)}`);
  return x;
}
export function oneOf<T extends string>(x: unknown, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === x);
  if (found === undefined) throw new IrError(`expected one of ${allowed.join(", ")}, got ${show(x)}`);
  return found;
}
export function show(x: unknown): string {
  return (JSON.stringify(x) ?? `${x}`).slice(0, 60);
}

/** Longest name that is read; schedules take no longer ones either. */
const LONGEST_NAME = 1000;
