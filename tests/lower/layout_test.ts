/** What annotations say of workgroup memory, and virtual threads: seen in the kernel, and right on the devices. */
import * as te from "../../lib/face/te.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { cooperativeCopy } from "../../lib/dlight/steps/cooperative_copy.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { LowerError } from "../../lib/lower/error.ts";
import type { KernelStmt } from "../../lib/lower/kernel.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "./checked_run.ts";

const target = targetOf("generic-webgpu");
const func = te.matmul({ m: 16, n: 24, k: 16 });

interface Tiled {
  readonly sch: Schedule;
  /** The blocks that bring tiles of 8 x 8 to workgroup memory. */
  readonly tiles: readonly [a: string, b: string];
  /** The loop over tiles. */
  readonly k0: string;
}

/** A matrix product through workgroup memory: 4 x 8 threads, of two rows each, side by side or in turn. */
function tiled(rows: "vthread" | "serial" = "vthread"): Tiled {
  const sch = new Schedule(func);
  const back = sch.cacheWrite("C", "local");
  const [i, j, k] = sch.loops("C") as [string, string, string];
  const [i0, iv, i1] = sch.split(i, [null, 2, 4]);
  const [j0, j1] = sch.split(j, [null, 8]);
  const [k0, k1] = sch.split(k, [null, 8]);
  sch.unroll(k1);
  sch.reorder(i0, j0, iv, i1, j1, k0, k1);
  sch.bind(i0, "blockIdx.y");
  sch.bind(j0, "blockIdx.x");
  sch.bind(i1, "threadIdx.y");
  sch.bind(j1, "threadIdx.x");
  sch.reverseComputeAt(back, j1);
  if (rows === "vthread") sch.bind(iv, rows);
  const tiles = ["A", "B"].map((name) => {
    const tile = sch.cacheRead("C", name, "shared");
    cooperativeCopy(sch, sch.computeAt(tile, k0), [4, 8], 1);
    return tile;
  });
  sch.decomposeReduction("C", k0);
  return { sch, tiles: tiles as [string, string], k0 };
}

function rightEverywhere(what: string, scheduled: PrimFunc): void {
  for (const device of devices) {
    Deno.test(`${what}, on ${device.target.name}`, async () =>
      assertEquals(await wrongOn(device, subjectOf(func, {}, 5), scheduled), undefined));
  }
}

/** Barriers in the loops of the one kernel of `f`, and elements of its workgroup memory. */
function shape(f: PrimFunc): { readonly barriers: number; readonly shared: readonly number[] } {
  const [kernel] = lower(f, target);
  const count = (body: readonly KernelStmt[], looped: boolean): number =>
    body.reduce(
      (n, s) =>
        n + (s.kind === "barrier"
          ? +looped
          : s.kind === "for"
          ? count(s.body, true)
          : s.kind === "if"
          ? count(s.then, looped) + count(s.else, looped)
          : 0),
      0,
    );
  return { barriers: count(kernel?.body ?? [], false), shared: kernel?.shared.map((a) => a.size) ?? [] };
}

const serial = tiled("serial"), plain = tiled(), doubled = tiled(), aligned = tiled();
doubled.tiles.forEach((t) => doubled.sch.doubleBuffer(t));
aligned.sch.storageAlign(aligned.tiles[0], 0, 8, 3);

rightEverywhere("tiles of rows in turn", serial.sch.func);
rightEverywhere("tiles of virtual threads", plain.sch.func);
rightEverywhere("two tiles in turn", doubled.sch.func);
rightEverywhere("tiles with longer rows", aligned.sch.func);

Deno.test("two tiles in turn wait once a turn, and take twice the memory", () => {
  const once = shape(plain.sch.func), twice = shape(doubled.sch.func);
  assertEquals([once.barriers, twice.barriers], [2, 1]);
  assertEquals(twice.shared, once.shared.map((n) => 2 * n));
});

Deno.test("an aligned dimension has the stride that was asked for", () => {
  // Eight rows of eight elements, and of three more than a multiple of eight.
  assertEquals(shape(plain.sch.func).shared, [8 * 8, 8 * 8]);
  assertEquals(shape(aligned.sch.func).shared.toSorted(), [8 * 8, 8 * 11]);
});

Deno.test("virtual threads share the loop around them, and hold what each of them needs", () => {
  const launches = (f: PrimFunc) => compile(f, target).launches.map((l) => l.loops.length);
  // In turn, each of the two rows walks over k by itself.
  assertEquals([launches(serial.sch.func), launches(plain.sch.func)], [[2], [1]]);
  assertEquals(shape(serial.sch.func).shared.toSorted(), [4 * 8, 8 * 8]);
});

Deno.test("what virtual threads may build up together is refused", () => {
  const sch = new Schedule(te.matmul({ m: 3, n: 8, k: 5 }));
  const [i, j, k] = sch.loops("C") as [string, string, string];
  const [v, x] = sch.split(sch.fuse(i, j), [2, null]);
  sch.bind(v, "vthread");
  sch.bind(x, "threadIdx.x");
  assertThrows(() => sch.bind(k, "vthread"), ScheduleError, "block C reduces over it");
  assertThrows(
    () => lower(sch.func, target),
    LowerError,
    `cannot run ${v} as virtual threads: several of them may build up the same elements of C in C`,
  );
});

Deno.test("two copies are refused without turns, and where a turn does not write what it reads", () => {
  const { sch, tiles: [a], k0: turns } = tiled();
  sch.unroll(turns);
  sch.doubleBuffer(a);
  assertThrows(
    () => lower(sch.func, target),
    LowerError,
    "cannot keep two of A_shared: no serial loop is around",
  );

  const late = new Schedule(te.matmul({ m: 16, n: 24, k: 10 }));
  const [i, j, k] = late.loops("C") as [string, string, string];
  late.bind(i, "blockIdx.x");
  late.bind(j, "threadIdx.x");
  const [k0] = late.split(k, [null, 4]);
  const tile = late.cacheRead("C", "A", "shared");
  late.computeAt(tile, k0);
  late.doubleBuffer(tile);
  assertThrows(() => lower(late.func, target), LowerError, "not every iteration of");
});

Deno.test("an alignment that is none is refused", () => {
  const { sch, tiles: [a] } = tiled();
  sch.annotate(a, "buffer_dim_align", "0,4");
  assertThrows(
    () => lower(sch.func, target),
    LowerError,
    'cannot align A_shared to "0,4": say an axis before',
  );
});

Deno.test("only what is made of inputs alone, and is no result, can be prepared", () => {
  const prepared = (name: string) => {
    const sch = new Schedule(te.softmax({ rows: 4, columns: 8 }));
    for (const b of sch.blocks()) sch.bind(sch.loops(b)[0] as string, "blockIdx.x");
    sch.annotate(name, "prepare", true);
    return () => lower(sch.func, target);
  };
  assertEquals(prepared("largest")().map((k) => k.prepares), [true, false, false]);
  assertThrows(
    prepared("total"),
    LowerError,
    "cannot prepare total before the program runs: it reads largest",
  );
  assertThrows(prepared("B"), LowerError, "cannot prepare B before the program runs:");
});
