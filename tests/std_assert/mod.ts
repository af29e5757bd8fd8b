/**
 * A stand-in for JSR's @std/assert, for machines that can't reach JSR: the functions that the tests use, with
 * the same names and meaning. `deno.json` links it; whoever has JSR drops that line.
 */
import nodeAssert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

function check(ok: boolean, message: string, own?: string): asserts ok {
  if (!ok) throw new AssertionError(own ? `${message}: ${own}` : message);
}

const show = (x: unknown) => Deno.inspect(x, { depth: 6, strAbbreviateSize: 2000 });

/** Deep equality of values: NaN equals itself, 0 equals -0, undefined properties count. */
export function equal(a: unknown, b: unknown): boolean {
  return a === b || isDeepStrictEqual(a, b);
}

export function assert(ok: unknown, message = "expected a true value"): asserts ok {
  check(Boolean(ok), message);
}
export function assertFalse(ok: unknown, message = "expected a false value"): void {
  check(!ok, message);
}
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  if (equal(actual, expected)) return;
  try {
    nodeAssert.deepStrictEqual(actual, expected);
  } catch (e) {
    throw new AssertionError(`${message ? `${message}: ` : ""}${e instanceof Error ? e.message : e}`);
  }
}
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  check(!equal(actual, expected), `expected something other than ${show(actual)}`, message);
}
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  check(Object.is(actual, expected), `${show(actual)} is not the same as ${show(expected)}`, message);
}
export function assertNotStrictEquals<T>(actual: T, expected: T, message?: string): void {
  check(!Object.is(actual, expected), `expected another object than ${show(actual)}`, message);
}
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance = 1e-7,
  message?: string,
): void {
  if (Object.is(actual, expected)) return;
  check(
    Math.abs(actual - expected) <= tolerance,
    `${actual} is not within ${tolerance} of ${expected}`,
    message,
  );
}
export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  check(actual !== undefined && actual !== null, `expected a value, got ${actual}`, message);
}
// deno-lint-ignore no-explicit-any
type Class<T> = abstract new (...args: any[]) => T;
export function assertInstanceOf<T>(actual: unknown, type: Class<T>, message?: string): asserts actual is T {
  check(actual instanceof type, `${show(actual)} is no ${type.name}`, message);
}
export function assertMatch(actual: string, pattern: RegExp, message?: string): void {
  check(pattern.test(actual), `${show(actual)} does not match ${pattern}`, message);
}
export function assertNotMatch(actual: string, pattern: RegExp, message?: string): void {
  check(!pattern.test(actual), `${show(actual)} matches ${pattern}`, message);
}
export function assertStringIncludes(actual: string, part: string, message?: string): void {
  check(actual.includes(part), `${show(actual)} does not include ${show(part)}`, message);
}
export function assertArrayIncludes<T>(actual: ArrayLike<T>, parts: ArrayLike<T>, message?: string): void {
  const missing = Array.from(parts).filter((p) => !Array.from(actual).some((a) => equal(a, p)));
  check(missing.length === 0, `${show(missing)} are missing`, message);
}
export function assertGreater<T>(actual: T, than: T, message?: string): void {
  check(actual > than, `${actual} is not greater than ${than}`, message);
}
export function assertGreaterOrEqual<T>(actual: T, than: T, message?: string): void {
  check(actual >= than, `${actual} is less than ${than}`, message);
}
export function assertLess<T>(actual: T, than: T, message?: string): void {
  check(actual < than, `${actual} is not less than ${than}`, message);
}
export function assertLessOrEqual<T>(actual: T, than: T, message?: string): void {
  check(actual <= than, `${actual} is greater than ${than}`, message);
}
export function assertIsError<E extends Error = Error>(
  error: unknown,
  type?: Class<E>,
  includes?: string,
  message?: string,
): asserts error is E {
  check(error instanceof Error, `${show(error)} is no error`, message);
  if (type) {
    check(error instanceof type, `${error.constructor.name} (${error.message}) is no ${type.name}`, message);
  }
  if (includes !== undefined) {
    check(
      error.message.includes(includes),
      `${show(error.message)} does not include ${show(includes)}`,
      message,
    );
  }
}
export function assertThrows<E extends Error = Error>(
  f: () => unknown,
  type?: Class<E>,
  includes?: string,
  message?: string,
): E {
  try {
    f();
  } catch (e) {
    assertIsError<E>(e, type, includes, message);
    return e;
  }
  throw new AssertionError(message ?? "expected it to throw");
}
export async function assertRejects<E extends Error = Error>(
  f: () => PromiseLike<unknown>,
  type?: Class<E>,
  includes?: string,
  message?: string,
): Promise<E> {
  try {
    await f();
  } catch (e) {
    assertIsError<E>(e, type, includes, message);
    return e;
  }
  throw new AssertionError(message ?? "expected it to reject");
}
export function fail(message?: string): never {
  throw new AssertionError(`failed${message ? `: ${message}` : ""}`);
}
export function unreachable(reason?: string): never {
  throw new AssertionError(`unreachable${reason ? `: ${reason}` : ""}`);
}
