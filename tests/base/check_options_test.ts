import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type AnyKind, checkArgument, checkOptions, type Fields } from "../../lib/base/check_options.ts";
import { OptionError, TunebookError } from "../../lib/base/error.ts";
import { editDistance, nearest } from "../../lib/base/nearest.ts";
import {
  aFunction,
  anyOf,
  arrayOf,
  count,
  flag,
  having,
  instanceOf,
  integer,
  name,
  nested,
  number,
  oneOf,
  pairOf,
  passing,
  positive,
  recordOf,
  required,
  text,
  tupleOf,
} from "../../lib/base/option_kinds.ts";
import { shownValue } from "../../lib/base/shown_value.ts";

interface ProductOptions {
  readonly m: number | string;
  readonly n: number | string;
  readonly transposeB?: boolean;
  readonly dtype?: "f32" | "f16" | "i8";
  readonly padding?: number | readonly [number, number];
  readonly budget?: { readonly trials?: number; readonly seconds?: number };
  readonly shapes?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: number) => void;
}
const dimension = anyOf(positive, name);
const FIELDS = {
  m: required(dimension),
  n: required(dimension),
  transposeB: flag,
  dtype: oneOf("f32", "f16", "i8"),
  padding: pairOf(count),
  budget: nested({ trials: positive, seconds: number({ above: 0 }) }),
  shapes: recordOf(positive),
  signal: instanceOf(AbortSignal),
  onTrial: aFunction(),
} satisfies Fields<ProductOptions>;

/** The whole message for `more` beside the required options. */
function messageOf(more: Readonly<Record<string, unknown>>): string {
  return assertThrows(() => checkOptions("te.product", { m: 1, n: 2, ...more }, FIELDS), OptionError).message;
}

Deno.test("options of their kinds pass, and undefined is the same as left out", () => {
  checkOptions("te.product", { m: 1, n: "n" }, FIELDS);
  checkOptions("te.product", {
    m: 1,
    n: 2,
    transposeB: false,
    dtype: "i8",
    padding: [0, 1],
    budget: { trials: 3, seconds: undefined },
    shapes: { "any name": 3 },
    signal: new AbortController().signal,
    onTrial: () => {},
  }, FIELDS);
  checkOptions("te.product", { m: 1, n: 2, dtype: undefined, padding: 3 }, FIELDS);
  checkOptions("charts.line", undefined, { title: text });
  checkOptions("charts.line", Object.create(null), { title: text });
});

Deno.test("an unknown option is refused, with the nearest name that there is", () => {
  const all = "m, n, transposeB, dtype, padding, budget, shapes, signal, onTrial";
  assertEquals(
    messageOf({ tranposeB: true }),
    `unknown option "tranposeB" of te.product; did you mean "transposeB"? It has ${all}`,
  );
  assertEquals(messageOf({ xyz: 1 }), `unknown option "xyz" of te.product. It has ${all}`);
  // An unknown option is a mistake even where its value is undefined, and also where every object has such a field.
  assertEquals(
    messageOf({ Dtype: undefined }),
    `unknown option "Dtype" of te.product; did you mean "dtype"? It has ${all}`,
  );
  assertEquals(messageOf({ toString: 1 }), `unknown option "toString" of te.product. It has ${all}`);
  assertEquals(
    messageOf({ budget: { trails: 3 } }),
    `unknown option "budget.trails" of te.product; did you mean "budget.trials"? budget has trials, seconds`,
  );
});

Deno.test("an option's old name is refused with what has replaced it", () => {
  assertThrows(
    () => checkOptions("Device.open", { prefer: "cpu" }, { backend: oneOf("cpu") }, { prefer: "backend" }),
    OptionError,
    `unknown option "prefer" of Device.open: backend has replaced it`,
  );
});

Deno.test("a missing option is named, with what it takes", () => {
  const dimension = "an integer of at least 1, or text of at least one character";
  assertEquals(
    messageOf({ m: undefined }),
    `missing option "m" of te.product: expected ${dimension}, got nothing`,
  );
  assertThrows(
    () => checkOptions("te.product", undefined, FIELDS),
    OptionError,
    `missing option "m" of te.product`,
  );
});

Deno.test("options that are no object literal are refused", () => {
  const says = "expected the options of charts.line as an object with title, got";
  for (
    const [given, shown] of [
      [3, "3"],
      ["title", `"title"`],
      [null, "null"],
      [[1], "[1]"],
      [new Map(), "a Map"],
      [Promise.resolve({}), "a Promise: did you forget await?"],
    ] as const
  ) {
    assertEquals(
      assertThrows(() => checkOptions("charts.line", given, { title: text }), OptionError).message,
      `${says} ${shown}`,
    );
  }
});

Deno.test("a value that an option can't have is refused, with what it takes and what it got", () => {
  const expected = (more: Readonly<Record<string, unknown>>) =>
    messageOf(more).replace(/ of te\.product to be/, ":");
  assertEquals(
    expected({ dtype: "bf16" }),
    `expected dtype: one of f32, f16, i8, got "bf16"; did you mean "f16"?`,
  );
  assertEquals(
    expected({ padding: [1, 1, 0, 0] }),
    "expected padding: an integer of at least 0, or two of them in a list, got [1, 1, 0, 0]",
  );
  assertEquals(expected({ padding: [1, -1] }), "expected padding[1]: an integer of at least 0, got -1");
  assertEquals(expected({ transposeB: 1 }), "expected transposeB: true or false, got 1");
  assertEquals(
    expected({ budget: 12 }),
    "expected budget: an object with trials, seconds, got 12",
  );
  assertEquals(
    expected({ budget: { seconds: 0 } }),
    "expected budget.seconds: a finite number above 0, got 0",
  );
  assertEquals(expected({ shapes: { m: 1.5 } }), "expected shapes.m: an integer of at least 1, got 1.5");
  assertEquals(
    expected({ signal: Promise.resolve(new AbortController().signal) }),
    "expected signal: an AbortSignal, got a Promise: did you forget await?",
  );
  assertEquals(expected({ onTrial: "print" }), `expected onTrial: a function, got "print"`);
  assertInstanceOf(new OptionError("x"), TunebookError);
});

Deno.test("an argument is checked like an option", () => {
  class Device {
    private constructor() {}
    static open(): Promise<Device> {
      return Promise.resolve(new Device());
    }
  }
  const device = Device.open();
  assertEquals(
    assertThrows(() => checkArgument("build", "device", device, instanceOf(Device)), OptionError).message,
    "expected device of build to be a Device, got a Promise: did you forget await?",
  );
  return device.then((d) => checkArgument("build", "device", d, instanceOf(Device)));
});

Deno.test("each kind takes its own values, and says so", () => {
  interface Measuring {
    readonly measure: () => void;
  }
  const rows: readonly (readonly [
    kind: AnyKind,
    takes: string,
    good: readonly unknown[],
    bad: readonly unknown[],
  ])[] = [
    [flag, "true or false", [true, false], [0, "true", null]],
    [text, "text", ["", "x"], [1, null, ["x"]]],
    [name, "text of at least one character", ["x"], ["", 1]],
    [number(), "a finite number", [0, -1.5], [NaN, Infinity, "1", 1n]],
    [number({ above: 1 }), "a finite number above 1", [1.01], [1, 0]],
    [number({ min: 0, below: 1 }), "a finite number of at least 0 and below 1", [0, 0.9], [1, -0.1]],
    [integer({ min: 1, max: 32 }), "an integer from 1 to 32", [1, 32], [0, 33, 1.5]],
    [integer({ min: 0 }, "a seed"), "a seed", [0], [-1, 2 ** 53]],
    [integer({ max: 3 }), "an integer of at most 3", [3], [4]],
    [oneOf("a", "b"), "one of a, b", ["a", "b"], ["c", undefined, ["a"]]],
    [oneOf("auto", 1, false), "one of auto, 1, false", ["auto", 1, false], ["1", 0, true]],
    [oneOf("a"), "a", ["a"], ["b"]],
    [arrayOf(flag), "a list, each element true or false", [[], [true]], [[1], true, { length: 0 }]],
    [arrayOf(flag, 2), "a list of length 2, each element true or false", [[true, true]], [[true]]],
    [
      arrayOf(flag, { min: 1 }),
      "a list whose length is at least 1, each element true or false",
      [[true]],
      [[]],
    ],
    [pairOf(count), "an integer of at least 0, or two of them in a list", [1, [0, 1]], [
      [1],
      [1, 1, 1],
      -1,
    ]],
    [tupleOf(count, text), "a list of 2: an integer of at least 0, text", [[1, "x"]], [["x", 1], [1]]],
    [recordOf(count), "an object, each value an integer of at least 0", [{}, { a: 1 }], [{ a: -1 }, []]],
    [nested({ a: required(count) }), "an object with a", [{ a: 1 }], [{}, { b: 1 }, { a: 1, b: 1 }, 1]],
    [
      anyOf(count, arrayOf(count)),
      "an integer of at least 0, or a list, each element an integer of at least 0",
      [1, [1]],
      [-1, ["1"]],
    ],
    [instanceOf(Map), "a Map", [new Map()], [new Set(), {}, null, 1]],
    [instanceOf(Error, "an error"), "an error", [new OptionError("x")], [{}]],
    [having<Measuring>("a Measuring", "measure"), "a Measuring", [{ measure() {} }], [{}, null, {
      measure: 1,
    }]],
    [aFunction(), "a function", [() => 1, Map], [{}, null]],
    [passing<number>("an even number", (x) => Number(x) % 2 === 0), "an even number", [2], [3]],
  ];
  for (const [kind, takes, good, bad] of rows) {
    assertEquals(kind.takes, takes);
    for (const value of good) checkArgument("f", "x", value, kind);
    for (const value of bad) {
      assertThrows(
        () => checkArgument("f", "x", value, kind),
        OptionError,
        "",
        `${takes}: ${shownValue(value)}`,
      );
    }
  }
});

Deno.test("a value of several kinds is refused by the kind that it looks like", () => {
  const budget = anyOf(positive, nested({ trials: positive }));
  assertThrows(
    () => checkArgument("tune", "budget", { trials: -1 }, budget),
    OptionError,
    "expected budget.trials of tune to be an integer of at least 1, got -1",
  );
  assertThrows(
    () => checkArgument("tune", "level", "rul", anyOf(oneOf("rule", "search"), count)),
    OptionError,
    `expected level of tune to be one of rule, search, or an integer of at least 0, got "rul"; did you mean "rule"?`,
  );
});

Deno.test("a table that doesn't match its options is a type error", () => {
  interface Options {
    readonly n: number;
    readonly dtype?: "f32" | "f16";
  }
  const [n, dtype] = [required(positive), oneOf("f32", "f16")] as const;
  ({ n, dtype }) satisfies Fields<Options>;
  // @ts-expect-error: an option without a row
  ({ n }) satisfies Fields<Options>;
  // @ts-expect-error: a row without an option
  ({ n, dtype, layout: text }) satisfies Fields<Options>;
  // @ts-expect-error: a kind with fewer values than the option has
  ({ n, dtype: oneOf("f32") }) satisfies Fields<Options>;
  // @ts-expect-error: a kind with more values than the option has
  ({ n, dtype: oneOf("f32", "f16", "i8") }) satisfies Fields<Options>;
  // @ts-expect-error: a required option that may be left out
  ({ n: positive, dtype }) satisfies Fields<Options>;
});

Deno.test("the nearest name is the one with the fewest edits, if it is near", () => {
  const near: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ["tranposeB", ["transposeA", "transposeB"], "transposeB"],
    ["NCWH", ["NHWC", "NCHW"], "NCHW"],
    ["prefered", ["backend", "prefer"], "prefer"],
    ["q4", ["q0f16", "q4f16_1", "q4f32_1"], "q4f16_1"],
    ["bf16", ["f32", "f16", "i8"], "f16"],
    ["threadIdx", ["blockIdx.x", "threadIdx.x"], "threadIdx.x"],
    ["xy", ["m", "n", "k"], undefined],
    ["colour", [], undefined],
    ["", ["m"], undefined],
  ];
  for (const [given, names, wanted] of near) assertEquals(nearest(given, names), wanted, given);
});

Deno.test("an edit distance is the least number of edits", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 5 });
  /** By definition: the cheapest of all ways to take the last letters apart. */
  const reference = (a: string, b: string): number =>
    a === "" || b === "" ? a.length + b.length : Math.min(
      reference(a.slice(0, -1), b) + 1,
      reference(a, b.slice(0, -1)) + 1,
      reference(a.slice(0, -1), b.slice(0, -1)) + (a.at(-1) === b.at(-1) ? 0 : 1),
      a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1)
        ? reference(a.slice(0, -2), b.slice(0, -2)) + 1
        : Infinity,
    );
  fc.assert(fc.property(letters, letters, (a, b) => assertEquals(editDistance(a, b), reference(a, b))), {
    numRuns: 60,
  });
});

Deno.test("a value is shown on one line, however large it is", () => {
  const shown: readonly (readonly [unknown, string])[] = [
    [undefined, "nothing"],
    [null, "null"],
    [NaN, "NaN"],
    [3n, "3n"],
    ["a\nb", `"a\\nb"`],
    ["x".repeat(1000), `"${"x".repeat(60)}"…`],
    [[1, "a", [2], {}], `[1, "a", […], an object without fields]`],
    [Array(9).fill(0), "[0, 0, 0, 0, 0, 0, 0, 0, …]"],
    [{ a: 1, b: 2 }, "an object with a, b"],
    [new Float32Array(4), "a Float32Array"],
    [new AbortController(), "an AbortController"],
    [() => 1, "a function"],
    [checkOptions, "function checkOptions"],
  ];
  for (const [value, wanted] of shown) assertEquals(shownValue(value), wanted);
});
