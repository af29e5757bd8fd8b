import { assertEquals, assertThrows } from "@std/assert";
import { block, buffer, constant, forLoop, iterVar, seq, store, variable } from "../../lib/ir/build.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { center, diamond, product } from "./programs.ts";

Deno.test("a schedule says what is in its program", () => {
  const sch = new Schedule(center());
  assertEquals(sch.blocks(), ["T", "B"]);
  assertEquals([sch.loops("T"), sch.loops("B")], [["i", "k"], ["i_1", "j"]]);
  assertEquals([sch.producers("B"), sch.producers("T")], [["T"], []]);
  assertEquals([sch.consumers("T"), sch.consumers("B")], [["B"], []]);
  assertEquals(sch.inputs("T").map((l) => l.buffer.name), ["A"]);
  assertEquals(sch.inputs("B").map((l) => l.buffer.name), ["A", "T"]);
  assertEquals(sch.loop("j").var.name, "j");
  assertEquals(sch.block("T").iters.map((it) => it.type), ["spatial", "reduce"]);
});

Deno.test("a decomposed reduction is two producers, and none of itself", () => {
  const sch = new Schedule(center());
  sch.decomposeReduction("T", "k");
  assertEquals(sch.producers("B"), ["T_init", "T"]);
  assertEquals([sch.producers("T"), sch.consumers("T_init")], [[], ["B"]]);
});

Deno.test("the sources of a buffer are the program's inputs behind it", () => {
  const sch = new Schedule(diamond());
  assertEquals(sch.sources("B", "T"), ["A"]);
  assertEquals(sch.sources("T", "A"), ["A"]);
  const padded = new Schedule(product(3, 5, 6));
  padded.padEinsum("C", [4, 4, 4]);
  padded.cacheRead("C", "D_pad", "shared");
  assertEquals(padded.sources("C", "D_pad_shared"), ["D"]);
  assertEquals(padded.sources("C_unpad", "C_pad"), ["A", "D"]);
});

Deno.test("what is asked of blocks and loops that are not there is refused, with those that are", () => {
  const sch = new Schedule(center());
  for (
    const ask of [() => sch.block("X"), () => sch.loops("X"), () => sch.producers("X"), () => sch.inputs("X")]
  ) {
    assertThrows(ask, ScheduleError, "no block X in center: its blocks are T, B");
  }
  assertThrows(() => sch.loop("X"), ScheduleError, "no loop X in center: its loops are i, k, i_1, j");
});

Deno.test("a block of several stores is scheduled by its loops alone", () => {
  const A = buffer("A", [4]), B = buffer("B", [4]);
  const i = variable("i"), v = variable("v");
  const both = seq(store(A, [v], constant(1, "f32")), store(B, [v], constant(2, "f32")));
  const sch = new Schedule(
    new PrimFunc("both", [A, B], [], [], forLoop(i, 4, block("both", [iterVar(v, 4)], [i], both))),
  );
  sch.split("i", [null, 2]);
  for (
    const act of [
      () => sch.cacheWrite("both", "local"),
      () => sch.computeInline("both"),
      () => sch.computeAt("both", "i_0"),
    ]
  ) assertThrows(act, ScheduleError, "both: its body is not a single store");
});

Deno.test("a trace is read as its calls", () => {
  const sch = new Schedule(center());
  sch.unroll("k");
  assertEquals(`${sch.trace}`, 'sch.unroll("k")');
});

/** Calls as a cell of a notebook makes them, where no types are checked. */
type Unchecked = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** What a schedule of a product says to a call. */
function refused(op: string, ...args: readonly unknown[]): string {
  const sch = new Schedule(product(4, 6, 8));
  const { message } = assertThrows(() => (sch as unknown as Unchecked)[op]?.(...args), ScheduleError);
  assertEquals(sch.trace.steps, []);
  return message;
}

Deno.test("a call is checked as a step of a trace is, and names the nearest word", () => {
  const threads = "blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z, vthread";
  assertEquals(
    refused("bind", "i", "threadIdx"),
    `cannot bind: expected thread of bind to be one of ${threads}, got "threadIdx"; ` +
      'did you mean "threadIdx.x", "threadIdx.y" or "threadIdx.z"?',
  );
  const scopes = "global, shared, local, texture, uniform";
  const scope = (word: string) => refused("cacheRead", "C", "A", word);
  const register = `cannot cacheRead: expected scope of cacheRead to be one of ${scopes}, got "register"; `;
  assertEquals(scope("register"), register + 'did you mean "local"?');
  assertEquals(scope("shard").split("; ")[1], 'did you mean "shared"?');
  assertEquals(scope("workgroup").split("; ")[1], 'did you mean "shared"?');
  assertEquals(scope("__proto__").split("; ")[1], undefined);
  assertEquals(refused("loop", "ii"), "no loop ii in product: its loops are i, j, k; did you mean i?");
  assertEquals(
    refused("setScope", Promise.resolve("A"), "shared"),
    "cannot setScope: expected name of setScope to be text of up to 1000 characters, " +
      "got a Promise: did you forget await?",
  );
});

Deno.test("a call with too few or too many arguments is refused with those that it takes", () => {
  const text = "expected text of up to 1000 characters";
  assertEquals(
    refused("bind", "i"),
    `cannot bind: missing thread of bind: expected one of ${
      [
        ...["blockIdx.x", "blockIdx.y", "blockIdx.z", "threadIdx.x", "threadIdx.y", "threadIdx.z", "vthread"],
      ].join(", ")
    }, got nothing`,
  );
  assertEquals(refused("unroll"), `cannot unroll: missing loop of unroll: ${text}, got nothing`);
  assertEquals(refused("unroll", "i", 4), "cannot unroll: expected unroll(loop), got 2 arguments");
  assertEquals(refused("split", "i", 2, 3), "cannot split: expected split(loop, factors), got 3 arguments");
  assertEquals(
    refused("split", "i", 4),
    "cannot split: expected factors of split to be a list of up to 64 finite numbers and nulls, got 4",
  );
  assertEquals(
    refused("fuse", ["i", "j"]),
    "cannot fuse: expected loops of fuse to be a list of up to 64 texts, got [[…]]",
  );
});

Deno.test("what a trace can't hold, a call refuses", () => {
  assertEquals(refused("annotate", "i", "x", NaN).split(", got ")[1], "NaN");
  assertEquals(
    refused("rfactor", "k", "0"),
    'cannot rfactor: expected axis of rfactor to be a finite number, got "0"',
  );
  const map = { split: [[], []], order: [0, 1], pad: 1 };
  assertEquals(refused("transformLayout", "C", map).split(", got ")[1], "an object with split, order, pad");
});
