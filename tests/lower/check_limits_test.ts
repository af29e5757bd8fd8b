/** A kernel past a limit of its device is refused with the numbers, before a driver sees it. */
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { schedule } from "../../lib/dlight/schedule.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { LimitError } from "../../lib/lower/error.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { LaunchLimitError } from "../../lib/runtime/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Limits, Target } from "../../lib/target/target.ts";
import * as te from "../../lib/face/te.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "./checked_run.ts";

const generic = targetOf("generic-webgpu");

function limitedTo(limits: Partial<Limits>, target: Target = generic): Target {
  return { ...target, limits: { ...target.limits, ...limits } };
}

/** Compiles at the limit, and is refused one below it. */
function holds(func: PrimFunc, at: (limit: number) => Partial<Limits>, limit: number, message: string): void {
  compile(func, limitedTo(at(limit)));
  const { message: said } = assertThrows(() => compile(func, limitedTo(at(limit - 1))), LimitError);
  assertEquals(
    said,
    `cannot run ${func.name} on generic-webgpu: it needs ${limit} ${message.replace("#", `${limit - 1}`)}`,
  );
}

/** An elementwise sum of `shape`, loops bound in order to x, y and z of workgroups and then of threads. */
function boundAdd(shape: readonly number[], tags: readonly ("blockIdx" | "threadIdx")[]): PrimFunc {
  const sch = new Schedule(te.add({ shape }));
  const used = { blockIdx: 0, threadIdx: 0 };
  sch.loops("C").forEach((loop, d) => {
    const tag = tags[d] ?? "threadIdx";
    sch.bind(loop, `${tag}.${(["x", "y", "z"] as const)[used[tag]++] ?? "z"}`);
  });
  return sch.func;
}

Deno.test("threads of a workgroup", () => {
  const func = boundAdd([4, 8, 2], []);
  const mend = "threads per workgroup, the limit is #; bind smaller loops to threads";
  holds(func, (maxInvocations) => ({ maxInvocations }), 64, mend);
});

Deno.test("threads of a workgroup in each dimension", () => {
  const func = boundAdd([4, 8, 2], []);
  const size = [4, 8, 2] as const;
  size.forEach((n, d) =>
    holds(
      func,
      (limit) => ({ maxWorkgroupSize: [d === 0 ? limit : 64, d === 1 ? limit : 64, d === 2 ? limit : 64] }),
      n,
      `threads in workgroup dimension ${"xyz"[d]}, the limit is #; split the thread loop`,
    )
  );
});

Deno.test("workgroup memory, each array rounded up to 16 bytes", () => {
  const sch = new Schedule(te.add({ shape: [4, 33] }));
  for (const input of ["A", "B"]) sch.computeAt(sch.cacheRead("C", input, "shared"), "i");
  sch.bind("i", "blockIdx.x");
  sch.bind("j", "threadIdx.x");
  const mend = "bytes of workgroup memory, the limit is #; use smaller tiles";
  holds(sch.func, (maxSharedBytes) => ({ maxSharedBytes }), 2 * 144, mend);
});

Deno.test("storage buffers and textures", () => {
  const buffers = boundAdd([4, 8], ["blockIdx"]);
  const many = "storage buffers, the limit is #; fuse fewer operators";
  // Two inputs can be packed into one buffer, but the result needs one of its own.
  compile(buffers, limitedTo({ maxStorageBuffers: 2 }));
  assertThrows(
    () => compile(buffers, limitedTo({ maxStorageBuffers: 1 })),
    LimitError,
    "cannot run add on generic-webgpu: it needs 3 storage buffers, the limit is 1; fuse fewer operators",
  );
  const sch = new Schedule(buffers);
  for (const input of ["A", "B"]) sch.setScope(input, "texture");
  holds(sch.func, (maxStorageBuffers) => ({ maxStorageBuffers }), 1, many);
  const textures = "textures, the limit is #; keep some inputs in buffers";
  holds(sch.func, (maxTextures) => ({ maxTextures }), 2, textures);
});

Deno.test("bytes of a uniform buffer, which is no storage buffer", () => {
  const withUniform = (n: number) => {
    const sch = new Schedule(boundAdd([n, 4], ["blockIdx"]));
    sch.setScope("A", "uniform");
    return sch.func;
  };
  const many = "storage buffers, the limit is #; fuse fewer operators";
  holds(withUniform(8), (maxStorageBuffers) => ({ maxStorageBuffers }), 2, many);
  lower(withUniform(4096), generic);
  const message = "it needs 65552 bytes in A, the limit is 65536; keep it global";
  assertThrows(() => lower(withUniform(4097), generic), LimitError, message);
});

Deno.test("workgroups in y and z; in x they are folded", () => {
  const func = boundAdd([5, 6, 7, 2], ["blockIdx", "blockIdx", "blockIdx"]);
  const mend = (d: string) => `workgroups in dimension ${d}, the limit is #; bind this loop to blockIdx.x`;
  holds(func, (maxWorkgroups) => ({ maxWorkgroups }), 7, mend("z"));
  const [x] = lower(boundAdd([5, 2], ["blockIdx"]), limitedTo({ maxWorkgroups: 4 }));
  assertEquals(x?.folded, true);
  assertEquals(lower(boundAdd([5, 2], ["blockIdx"]), limitedTo({ maxWorkgroups: 5 }))[0]?.folded, false);
  // Nothing folds into z where z has workgroups of its own.
  const wide = boundAdd([8, 6, 7, 2], ["blockIdx", "blockIdx", "blockIdx"]);
  const message =
    "it needs 8 workgroups in dimension x, the limit is 7; leave blockIdx.z free to fold x into it";
  assertThrows(() => compile(wide, limitedTo({ maxWorkgroups: 7 })), LimitError, message);
});

Deno.test("bytes of a buffer, and not of a texture", () => {
  const sch = new Schedule(boundAdd([4, 8], ["blockIdx"]));
  const mend = "bytes in A, the limit is #; split the tensor";
  holds(sch.func, (maxBindingBytes) => ({ maxBindingBytes }), 128, mend);
  sch.setScope("A", "texture");
  assertThrows(() => compile(sch.func, limitedTo({ maxBindingBytes: 127 })), LimitError, "128 bytes in B");
});

Deno.test("texels of a texture: rows go side by side as long as they fit, and are cut where they are too long", () => {
  const layoutOf = (shape: readonly number[], maxTextureSize: number) => {
    const sch = new Schedule(boundAdd(shape, ["blockIdx"]));
    sch.setScope("A", "texture");
    return lower(sch.func, limitedTo({ maxTextureSize }))[0]?.bindings.find((b) => b.buffer.name === "A")
      ?.texture;
  };
  const rows = (pack: number) => ({ kind: "rows", pack } as const);
  assertEquals([64, 63, 32, 16, 8].map((most) => layoutOf([64, 4], most)), [1, 2, 2, 4, 8].map(rows));
  assertEquals(layoutOf([3, 96], 12), { kind: "flat", width: 8 });
  const { message } = assertThrows(() => layoutOf([64, 4], 7), LimitError);
  assertEquals(
    message,
    "cannot hold A in a texture: 64 rows of 4 elements do not fit 7 x 7 texels of four, the most that generic-webgpu " +
      "has; keep it in a buffer",
  );
  assertThrows(() => layoutOf([2, 26], 5), LimitError, "2 rows of 26 elements do not fit 5 x 5 texels");
});

Deno.test("a texture with rows of symbolic length has no layout", () => {
  const sch = new Schedule(te.add({ shape: ["m", "n"] }));
  sch.setScope("A", "texture");
  const [i] = sch.loops("C") as [string];
  sch.bind(i, "blockIdx.x");
  const message = "its last dimension is symbolic, so its rows have no fixed width; keep it in a buffer";
  assertThrows(() => compile(sch.func, generic), LimitError, message);
});

Deno.test("statements that unrolling makes", () => {
  const unrolled = (n: number) => {
    const sch = new Schedule(te.add({ shape: [n, 2] }));
    sch.unroll("i");
    sch.bind("j", "threadIdx.x");
    return sch.func;
  };
  lower(unrolled(100), generic);
  const message = "cannot unroll the loops of add: they make more than 16384 statements";
  assertThrows(() => lower(unrolled((1 << 14) + 1), generic), LimitError, message);
});

/** Row sums by one thread a row, as for a device that lets loops run on. */
function serialSums(columns: te.Dim): PrimFunc {
  return schedule(te.reduceSum({ rows: 2, columns }), targetOf("generic-webgpu"), [fallback]).func;
}

Deno.test("turns of loops, nested and in sequence, where a driver ends an invocation silently", () => {
  const mend = "loop iterations in one thread, the limit is #; the driver would end it silently: give a " +
    "thread less work, or unroll";
  holds(serialSums(1000), (maxLoopIterations) => ({ maxLoopIterations }), 1000, mend);
  const sch = new Schedule(serialSums(1000));
  sch.split(sch.loops("B").at(-1) as string, [null, 10]);
  holds(sch.func, (maxLoopIterations) => ({ maxLoopIterations }), 100 + 100 * 10, mend);
  const twice = schedule(te.layerNorm({ rows: 2, columns: 1000 }), targetOf("llvmpipe"), [fallback]).func;
  compile(twice, limitedTo({ maxLoopIterations: 1000 }));
  const { message } = assertThrows(() => compile(serialSums(70_000), targetOf("llvmpipe")), LimitError);
  assertStringIncludes(message, "needs 70000 loop iterations in one thread, the limit is 65535");
});

for (const device of devices) {
  const { target } = device;
  Deno.test(`as many turns as ${target.name} takes are right, and no more are launched`, async () => {
    const most = Math.min(target.limits.maxLoopIterations, 70_000);
    const sums = te.reduceSum({ rows: 2, columns: "c" });
    assertEquals(await wrongOn(device, subjectOf(sums, { c: most }, 1), serialSums("c")), undefined);
    const constant = te.reduceSum({ rows: 2, columns: most });
    assertEquals(await wrongOn(device, subjectOf(constant, {}, 1), serialSums(most)), undefined);
    if (most === 70_000) return;
    const { message } = await assertRejects(
      () => wrongOn(device, subjectOf(sums, { c: most + 1 }, 1), serialSums("c")),
      LaunchLimitError,
    );
    assertEquals(
      message,
      "cannot launch reduce_sum with these shapes: a thread runs 65536 iterations of its loops, and the driver ends it " +
        "silently after 65535; give a thread less work",
    );
  });
}

Deno.test("turns of symbolic loops are counted at launch, however they are nested", () => {
  const sch = new Schedule(te.matmul({ m: "m", n: 4, k: "k" }));
  sch.bind("j", "threadIdx.x");
  sch.split("k", [null, 3]);
  const loops = compile(sch.func, generic).launches[0]?.loops;
  assertEquals(loops, [["m"], ["m", ["floordiv", ["add", "k", 2], 3]], [
    "m",
    ["floordiv", ["add", "k", 2], 3],
    3,
  ]]);
});
