import nodeAssert from "node:assert/strict";
export function assert(cond: unknown, message = "expected a true value"): asserts cond {
  nodeAssert.ok(cond, message);
}
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  nodeAssert.deepStrictEqual(actual, expected, message);
}
