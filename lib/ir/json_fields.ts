/** Fields of untrusted JSON, each of one kind. */
import { IrError } from "./error.ts";

/** Characters of the longest name that is read; schedules take no longer ones either. */
export const LONGEST_NAME = 1000;

/** An object whose fields are not read yet. */
export type JsonFields = Readonly<Record<string, unknown>>;

/**
 * Reads an object.
 *
 * @throws {IrError} for anything else
 */
export function readRecord(x: unknown): JsonFields {
  if (typeof x !== "object" || x === null || Array.isArray(x)) {
    throw new IrError(`expected an object, got ${quoteJson(x)}`);
  }
  return x as JsonFields;
}
/**
 * Reads a list.
 *
 * @throws {IrError} for anything else
 */
export function readList(x: unknown): readonly unknown[] {
  if (!Array.isArray(x)) throw new IrError(`expected a list, got ${quoteJson(x)}`);
  return x;
}
/**
 * Reads text of up to {@linkcode LONGEST_NAME} characters.
 *
 * @throws {IrError} for anything else
 */
export function readText(x: unknown): string {
  if (typeof x !== "string") throw new IrError(`expected text, got ${quoteJson(x)}`);
  if (x.length > LONGEST_NAME) {
    throw new IrError(
      `expected a name of up to ${LONGEST_NAME} characters, got ${x.length}: ${quoteJson(x)}…`,
    );
  }
  return x;
}
/**
 * Reads a finite number.
 *
 * @throws {IrError} for anything else
 */
export function readNumber(x: unknown): number {
  if (typeof x !== "number" || !Number.isFinite(x)) {
    throw new IrError(`expected a number, got ${quoteJson(x)}`);
  }
  return x;
}
/**
 * Reads one of the words `allowed`.
 *
 * @throws {IrError} for anything else
 */
export function readOneOf<T extends string>(x: unknown, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === x);
  if (found === undefined) throw new IrError(`expected one of ${allowed.join(", ")}, got ${quoteJson(x)}`);
  return found;
}
/** Quotes the start of a value, for messages. */
export function quoteJson(x: unknown): string {
  return (JSON.stringify(x) ?? `${x}`).slice(0, 60);
}
