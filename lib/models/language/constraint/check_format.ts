/** Bounds what a response format makes a grammar of: formats come from clients of a server. */
import { ModelError } from "../../error.ts";
import type { ResponseFormat } from "../../openai/response_format.ts";

/** The most characters of a schema or a pattern. */
const LONGEST = 2 ** 14;
/** The most parts of a pattern, where those that are repeated count each time. */
const MOST = 2 ** 14;
/** Keywords of a schema that repeat something. */
const COUNTS: ReadonlySet<string> = new Set([
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
]);

/** @throws {ModelError} for a format whose grammar would be too large */
export function checkFormat(format: ResponseFormat): void {
  const { length } = JSON.stringify(format);
  if (length > LONGEST) {
    throw new ModelError(`expected a response format of at most ${LONGEST} characters, got ${length}`);
  }
  if (format.type === "regex") checkPattern(format.pattern);
  if (format.type === "json_schema") checkSchema(format.json_schema.schema);
}

function checkPattern(pattern: string): void {
  const parts = partsOf(pattern);
  if (parts > MOST) {
    throw new ModelError(
      `expected a pattern that repeats at most ${MOST} parts, got ${parts}: ${pattern.slice(0, 60)}`,
    );
  }
}

function checkSchema(schema: unknown): void {
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (COUNTS.has(key) && typeof value === "number" && value > MOST) {
      throw new ModelError(`expected ${key} of at most ${MOST} in a schema, got ${value}`);
    }
    if (key === "pattern" && typeof value === "string") checkPattern(value);
    else checkSchema(value);
  }
}

/** A pattern's parts: characters, classes and groups, each as often as it is repeated at most. */
export function partsOf(pattern: string): number {
  const sums = [0];
  let last = 0;
  const tokens = pattern.match(/\\.|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|[^]/gsu) ?? [];
  for (const token of tokens) {
    const counts = /^\{(\d+)(?:,(\d*))?\}$/.exec(token);
    if (token === "(") sums.push(0);
    else if (token === ")" && sums.length > 1) {
      last = 1 + (sums.pop() as number);
      sums.push((sums.pop() as number) + last);
    } else if (counts) {
      const times = Math.max(1, Number(counts[1]), Number(counts[2] || 0));
      sums.push((sums.pop() as number) + last * (times - 1));
      last *= times;
    } else {
      last = 1;
      sums.push((sums.pop() as number) + 1);
    }
  }
  return sums.reduce((a, b) => a + b, 0);
}
