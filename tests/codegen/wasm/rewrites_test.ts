/** Rewrites of kernels for a CPU: sums in lanes, equal computations as vectors, loads before their use. */
import { assertEquals } from "@std/assert";
import { sinkLoads } from "../../../lib/codegen/wasm/sink_loads.ts";
import { sumInLanes } from "../../../lib/codegen/wasm/sum_in_lanes.ts";
import { zipLanes } from "../../../lib/codegen/wasm/zip_lanes.ts";
import { add, binary, buffer, call, constant, load, mul, variable } from "../../../lib/ir/build.ts";
import type { Expr } from "../../../lib/ir/expr.ts";
import { keyOf } from "../../../lib/ir/key.ts";
import type { Alloc, Kernel, KernelStmt } from "../../../lib/lower/kernel.ts";

const A = buffer("A", [constant(64)], "f32"), B = buffer("B", [constant(64)], "f32");
const a = buffer("a", [constant(4)], "f32", "local"), s = buffer("s", [constant(1)], "f32", "local");
const i = variable("i"), k = variable("k");
const ramp = (base: Expr): Expr => ({ kind: "ramp", dtype: "i32x4", base, stride: 1 });
const zero = constant(0);

function kernelOf(body: readonly KernelStmt[]): Kernel {
  const local = (b: typeof a, size: 1 | 4): Alloc => ({ buffer: b, lanes: size, size });
  return {
    name: "k",
    prepares: false,
    bindings: [A, B].map((b) => ({ buffer: b, access: "read", lanes: 4, texture: undefined })),
    uniforms: [],
    threads: [],
    workgroupSize: [1, 1, 1],
    grid: [constant(1), constant(1), constant(1)],
    folded: false,
    wrapping: new Set(),
    shared: [],
    locals: [local(a, 4), local(s, 1)],
    body,
  };
}

/** A kernel's statements, a line each. */
function told(body: readonly KernelStmt[]): readonly string[] {
  return body.flatMap((x): readonly string[] => {
    if (x.kind === "for") return [`for ${x.var.name}`, ...told(x.body).map((line) => `  ${line}`)];
    if (x.kind === "store") return [`${x.buffer.name}${x.index.kind === "ramp" ? "[]" : ""}`];
    return [x.kind];
  });
}

const step = (lane: number, op: "add" | "max" = "add"): KernelStmt => ({
  kind: "store",
  buffer: s,
  index: zero,
  value: binary(op, load(s, zero), mul(load(a, constant(lane)), load(a, constant(lane)))),
});
const fill: KernelStmt = {
  kind: "store",
  buffer: a,
  index: ramp(zero),
  value: { ...load(A, zero), dtype: "f32x4", indices: [ramp(mul(k, 4))] },
};
const loop = (body: readonly KernelStmt[]): KernelStmt => ({
  kind: "for",
  var: k,
  extent: constant(16),
  body,
});

Deno.test("four neighbouring terms of a sum are added in four lanes", () => {
  const { body, locals } = sumInLanes(kernelOf([loop([fill, step(0), step(1), step(2), step(3)])]));
  assertEquals(told(body), ["s_part[]", "for k", "  a[]", "  s_part[]", "s"]);
  assertEquals(locals.length, 3);
});

Deno.test("a sum stays as it is where it is read between, mixed, or its terms are no neighbours", () => {
  const read: KernelStmt = { kind: "store", buffer: B, index: k, value: load(s, zero) };
  for (
    const steps of [
      [step(0), step(1), step(2), step(3), read],
      [step(0), step(1), step(2)],
      [step(1), step(0), step(2), step(3)],
      [step(0), step(1), step(2), step(3, "max")],
      [step(0), step(1), fill, step(2), step(3)],
    ]
  ) {
    const kernel = kernelOf([loop([fill, ...steps])]);
    assertEquals(sumInLanes(kernel), kernel);
  }
});

Deno.test("computations that differ in their elements alone are one of vectors", () => {
  const lanes = (make: (lane: number) => Expr) => [0, 1, 2, 3].map(make);
  const may = () => true;
  const zipped = zipLanes(
    lanes((l) => call("exp", add(load(A, add(mul(i, 8), l)), load(B, i)))),
    may,
  );
  assertEquals(zipped?.dtype, "f32x4");
  const base = add(mul(i, 8), 0);
  assertEquals(
    keyOf(zipLanes(lanes((l) => load(A, add(base, l))), may) as Expr),
    keyOf({ ...load(A, base), dtype: "f32x4", indices: [ramp(base)] }),
  );
  assertEquals(zipLanes(lanes((l) => load(A, mul(i, l + 1))), may), undefined);
  assertEquals(zipLanes(lanes((l) => load(A, add(i, l))), () => false), undefined);
  assertEquals(zipLanes([...lanes((l) => load(A, add(i, l))).slice(0, 3), load(B, i)], may), undefined);
});

Deno.test("a load waits for its use, but for no store to what it reads", () => {
  const use: KernelStmt = { kind: "store", buffer: s, index: zero, value: load(a, zero) };
  const other: KernelStmt = { kind: "store", buffer: s, index: zero, value: constant(1, "f32") };
  const write: KernelStmt = { kind: "store", buffer: A, index: zero, value: constant(1, "f32") };
  assertEquals(told(sinkLoads(kernelOf([fill, other, use])).body), ["s", "a[]", "s"]);
  assertEquals(told(sinkLoads(kernelOf([fill, write, use])).body), ["a[]", "A", "s"]);
  assertEquals(told(sinkLoads(kernelOf([fill, fill, use])).body), ["a[]", "a[]", "s"]);
  assertEquals(told(sinkLoads(kernelOf([fill, loop([use])])).body), ["a[]", "for k", "  s"]);
});
