import { assert, assertEquals, assertThrows } from "@std/assert";
import { add, cast, constant, variable } from "../../lib/ir/build.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import { funcFromJson, funcToJson } from "../../lib/ir/func_json.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { addOne, addOne2, center, product } from "./programs.ts";
import { keepsResults, refuses, refusesCall, scheduled, shows } from "./shown.ts";

Deno.test("setScope moves an intermediate by its block, and an input by its name", () => {
  shows("set_scope", center(), (sch) => {
    sch.setScope("T", "shared");
    sch.setScope("A", "texture");
  });
});

Deno.test("setScope moves back, and to the same place", () => {
  const func = center();
  const back = scheduled(func, (sch) => {
    sch.setScope("T", "local");
    sch.setScope("T", "global");
    sch.setScope("A", "texture");
    sch.setScope("A", "global");
    sch.setScope("A", "global");
  });
  assert(equalFunc(back, func));
});

Deno.test("setScope reaches every read and write of a buffer", () => {
  const func = scheduled(center(), (sch) => {
    sch.decomposeReduction("T", "k");
    sch.setScope("T_init", "local");
  });
  assertEquals(func.allocs.map((b) => [b.name, b.scope]), [["T", "local"]]);
});

Deno.test("setScope is refused for memory that can't hold the buffer", () => {
  const sch = new Schedule(product());
  const input = "an input is global, a texture or in a uniform buffer; cacheRead copies it nearer";
  const says = (act: () => void, ...parts: string[]) => {
    const { message } = assertThrows(act, ScheduleError);
    for (const part of parts) assert(message.includes(part), message);
  };
  says(() => sch.setScope("A", "shared"), "cannot put A in shared memory:", input);
  says(() => sch.setScope("A", "local"), input);
  refuses(
    sch,
    (s) => s.setScope("C", "local"),
    "cannot put C in local memory: C is an output and stays global; cacheWrite first",
  );
  sch.cacheWrite("C", "local");
  refuses(
    sch,
    (s) => s.setScope("C", "texture"),
    "that is read-only, and C writes; global, shared and local work",
  );
  says(
    () => sch.setScope("X", "global"),
    "cannot put X in global memory: it is neither a block nor an input",
    "blocks are C, C_local, inputs A, D",
  );
});

Deno.test("setScope is refused for a uniform buffer of f16, or of a size that is not known", () => {
  const half = placeholder("half", [4], "f16"), open = placeholder("open", [variable("n")]);
  const B = compute("B", [4], (i) => add(cast("f32", half.at(i)), open.at(i)));
  const sch = new Schedule(primFunc("f", [half, open, B]));
  for (const name of ["half", "open"]) {
    const { message } = assertThrows(() => sch.setScope(name, "uniform"), ScheduleError);
    assertEquals(
      message,
      `cannot put ${name} in uniform memory: uniform buffers hold f32, i32 and u32 of constant size; keep it global`,
    );
  }
});

Deno.test("setScope is refused for a texture of booleans or without dimensions", () => {
  const flags = placeholder("flags", [4], "bool"), point = placeholder("point", []), k = reduceAxis(4);
  const B = compute("B", [1], () => sum(point.at(), [k]));
  const C = compute("C", [4], (i) => ({
    kind: "select",
    dtype: "f32",
    cond: flags.at(i),
    a: constant(1, "f32"),
    b: constant(0, "f32"),
  }));
  const sch = new Schedule(primFunc("f", [flags, point, B, C]));
  for (const name of ["flags", "point"]) {
    assertThrows(
      () => sch.setScope(name, "texture"),
      ScheduleError,
      "textures hold f32, f16, i32 and u32 in one dimension or more; keep it global",
    );
  }
});

Deno.test("annotate puts notes on blocks and loops, and replaces them", () => {
  shows("annotate", addOne(), (sch) => {
    sch.annotate("B", "kind", "copy");
    sch.annotate("i", "unroll", 4);
    sch.annotate("i", "unroll", 8);
    sch.annotate("i", "explicit", true);
  });
});

Deno.test("annotate takes any key, and notes survive JSON", () => {
  const func = scheduled(addOne(), (sch) => {
    for (const key of ["__proto__", "constructor", "", "toString"]) sch.annotate("B", key, key);
    for (const key of ["__proto__", "hasOwnProperty"]) sch.annotate("i", key, 1);
  });
  assertEquals(Object.keys(new Schedule(func).block("B").annotations).length, 4);
  assertEquals(Object.entries(new Schedule(func).loop("i").annotations), [["__proto__", 1], [
    "hasOwnProperty",
    1,
  ]]);
  const again = funcFromJson(JSON.parse(JSON.stringify(funcToJson(func))));
  assert(equalFunc(again, func));
  assert(!equalFunc(addOne(), func));
});

Deno.test("annotate is refused for names that are not there, and for numbers that are none", () => {
  const sch = new Schedule(addOne());
  for (const value of [NaN, Infinity, -Infinity]) {
    refusesCall(
      sch,
      (s) => s.annotate("i", "unroll", value),
      `expected value of annotate to be text, a finite number or a boolean, got ${value}`,
    );
  }
  assertThrows(() => sch.annotate("A", "x", 1), ScheduleError, "no loop A in add_one: its loops are i");
});

Deno.test("addUnitLoop puts a loop of one iteration around a nest", () => {
  const point = placeholder("A", [1]);
  shows("add_unit_loop", primFunc("point", [point, compute("B", [1], () => point.at(0))]), (sch) => {
    assertEquals(sch.addUnitLoop("B"), "u");
    assertEquals(sch.addUnitLoop("B"), "u_1");
    sch.bind("u_1", "blockIdx.x");
  });
  scheduled(center(), (sch) => {
    sch.computeAt("T", "i_1");
    sch.addUnitLoop("T");
    assertEquals(sch.loops("B")[0], "u");
  });
});

Deno.test("addUnitLoop is refused for a block that is not there, and in the end", () => {
  const sch = new Schedule(addOne2());
  assertThrows(() => sch.addUnitLoop("A"), ScheduleError, "no block A in add_one: its blocks are B");
  for (let k = 0; k < 62; k++) sch.addUnitLoop("B");
  refuses(
    sch,
    (s) => s.addUnitLoop("B"),
    "cannot add a loop around B: loops would be 65 deep; up to 64 work",
  );
  keepsResults(addOne2(), sch.func);
});

Deno.test("storageAlign and doubleBuffer leave a note on the block that writes workgroup memory", () => {
  shows("storage_align", product(), (sch) => sch.storageAlign(sch.cacheRead("C", "A", "shared"), 0, 32, 1));
  shows("double_buffer", product(), (sch) => sch.doubleBuffer(sch.cacheRead("C", "A", "shared")));
  const func = scheduled(product(), (sch) => {
    const tile = sch.cacheRead("C", "A", "shared");
    sch.storageAlign(tile, 0, 32, 1);
    sch.doubleBuffer(tile);
  });
  assert(`${func}`.includes('T.block_attr({"buffer_dim_align": "0,32,1", "double_buffer_scope": True})'));
});

Deno.test("storageAlign and doubleBuffer are refused where there is no workgroup memory to lay out", () => {
  const sch = new Schedule(product());
  const only = "and only workgroup memory is laid out by schedules";
  refuses(
    sch,
    (s) => s.doubleBuffer("C"),
    `cannot keep two of what C writes: C is in global memory, ${only}`,
  );
  refuses(
    sch,
    (s) => s.storageAlign("C", 0, 32, 1),
    `cannot align dimension 0 of what C writes to 32 and 1: C is in`,
  );
  const tile = sch.cacheRead("C", "A", "shared");
  for (const [axis, factor, offset] of [[1, 32, 1], [0, 0, 0], [0, 4, 4], [-1, 4, 1], [0, 4.5, 1]] as const) {
    refuses(
      sch,
      (s) => s.storageAlign(tile, axis, factor, offset),
      "it has 2 dimensions, and the last one has a fixed stride",
    );
  }
});
