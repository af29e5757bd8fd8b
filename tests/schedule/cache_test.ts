import { assertEquals, assertThrows } from "@std/assert";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import {
  addOne,
  addOne2,
  addOneSymbolic,
  bestPosition,
  center,
  chain,
  product,
  rowSum,
  stencil,
} from "./programs.ts";
import { refuses, scheduled, shows } from "./shown.ts";

Deno.test("cacheRead copies an input before the block's nest", () => {
  shows("cache_read", product(), (sch) => {
    assertEquals(sch.cacheRead("C", "D", "shared"), "D_shared");
  });
});

Deno.test("cacheRead changes what one block reads, and no other", () => {
  const func = scheduled(center(), (sch) => sch.cacheRead("B", "A", "local"));
  assertEquals(new Schedule(func).inputs("T").map((l) => l.buffer.name), ["A"]);
  assertEquals(new Schedule(func).inputs("B").map((l) => l.buffer.name), ["A_local", "T"]);
});

Deno.test("cacheRead copies what the block reads in the loop where it is being written", () => {
  shows("cache_read_inside", stencil(), (sch) => {
    const [j] = sch.split("j_1", [null, 4]);
    sch.computeAt("T", j);
    sch.cacheRead("B", "T", "local");
  });
});

Deno.test("cacheRead of a decomposed reduction comes after its update, not only after its start", () => {
  shows("cache_read_decomposed", center(), (sch) => {
    sch.reverseComputeAt("B", "i");
    sch.decomposeReduction("T", "i");
    sch.cacheRead("B", "T", "local");
  });
});

Deno.test("cacheRead of a symbolic buffer copies all of it, and copies of copies get names of their own", () => {
  scheduled(addOneSymbolic(), (sch) => {
    assertEquals(sch.cacheRead("B", "A", "local"), "A_local");
    assertEquals(sch.cacheRead("A_local", "A", "local"), "A_local_1");
    assertEquals(sch.cacheRead("B", "A_local", "global"), "A_local_global");
  }, { n: 7 });
});

Deno.test("cacheRead is refused for what the block does not read, and for textures", () => {
  const sch = new Schedule(center());
  refuses(sch, (s) => s.cacheRead("T", "B", "local"), "cannot cache the read of B in T: it reads A");
  refuses(sch, (s) => s.cacheRead("B", "nothing", "local"), "it reads A, T");
  // What a reduction adds to is no input of it.
  refuses(sch, (s) => s.cacheRead("T", "T", "local"), "cannot cache the read of T in T: it reads A");
  refuses(
    sch,
    (s) => s.cacheRead("T", "A", "texture"),
    'cannot cache the read of A in T in texture memory: only an input can be there; setScope("A", "texture")',
  );
  assertThrows(
    () => sch.cacheRead("X", "A", "local"),
    ScheduleError,
    "no block X in center: its blocks are T, B",
  );
});

Deno.test("cacheWrite makes a block write near, and copies behind its nest", () => {
  shows("cache_write", rowSum(), (sch) => {
    assertEquals(sch.cacheWrite("B", "local"), "B_local");
  });
});

Deno.test("cacheWrite takes the results of a reduction of several values one after the other", () => {
  shows("cache_write_several", bestPosition(), (sch) => {
    assertEquals([sch.cacheWrite("at", "local"), sch.cacheWrite("at", "local")], ["at_local", "best_local"]);
    sch.reverseComputeAt("at_local", "i");
    sch.reverseComputeAt("best_local", "i");
  });
});

Deno.test("cacheWrite of an intermediate leaves its consumers with the copy", () => {
  const func = scheduled(chain(), (sch) => sch.cacheWrite("T", "shared"));
  assertEquals(new Schedule(func).producers("B"), ["T_shared"]);
});

Deno.test("cacheWrite can be undone by inlining the copy, and the copy moved under the block's loops", () => {
  scheduled(addOne2(), (sch) => {
    sch.cacheWrite("B", "local");
    sch.reverseComputeInline("B_local");
    assertEquals(sch.blocks(), ["B"]);
  });
  scheduled(rowSum(), (sch) => sch.reverseComputeAt(sch.cacheWrite("B", "local"), "i"));
});

Deno.test("cacheWrite is refused where another block writes the buffer too", () => {
  const sch = new Schedule(rowSum());
  sch.decomposeReduction("B", "k");
  for (const block of ["B", "B_init"]) {
    refuses(
      sch,
      (s) => s.cacheWrite(block, "local"),
      `cannot cache the write of ${block} in local memory:`,
      "writes B too; cacheWrite before decomposing the reduction",
    );
  }
});

Deno.test("cacheWrite is refused where the copy would come after what reads it", () => {
  const sch = new Schedule(chain());
  sch.computeAt("T", "i_1");
  refuses(
    sch,
    (s) => s.cacheWrite("T", "local"),
    "B reads T in the same nest; cacheWrite before moving blocks together",
  );
  sch.cacheWrite("B", "local");
});

Deno.test("cacheWrite is refused for textures, and for blocks that are not there", () => {
  const sch = new Schedule(addOne());
  refuses(sch, (s) => s.cacheWrite("B", "texture"), "that is read-only; global, shared and local work");
  assertThrows(() => sch.cacheWrite("A", "local"), ScheduleError, "no block A in add_one: its blocks are B");
});
