/** Fallback schedules anything that fits the device: programs that once had no schedule, with their results. */
import { assert, assertEquals } from "@std/assert";
import { compile } from "../../../lib/codegen/compile.ts";
import type { ScalarType } from "../../../lib/ir/dtype.ts";
import {
  add,
  binary,
  block,
  buffer,
  call,
  cast,
  constant,
  forLoop,
  iterVar,
  load,
  mul,
  select,
  seq,
  store,
  sub,
  variable,
} from "../../../lib/ir/build.ts";
import type { Expr } from "../../../lib/ir/expr.ts";
import { PrimFunc } from "../../../lib/ir/func.ts";
import { fallback, wideFallback } from "../../../lib/dlight/fallback/fallback.ts";
import { rules, schedule, scheduleThen } from "../../../lib/dlight/schedule.ts";
import * as op from "../../../lib/face/op.ts";
import * as te from "../../../lib/face/te.ts";
import { targetOf } from "../../../lib/target/profiles.ts";
import type { Profile, Target } from "../../../lib/target/target.ts";
import { PROFILES } from "../../../lib/target/profiles.ts";
import { build } from "../../../lib/tuning/build.ts";
import { devices } from "../../devices.ts";
import { subjectOf, wrongResults } from "../../lower/checked_run.ts";

const profiles = Object.keys(PROFILES) as readonly Profile[];
const bothLevels = [[fallback], rules] as const;
const { placeholder } = te;

/** Small whole numbers for each input: sums of them are the same in any order. */
function numbers(f: PrimFunc, shapes: Readonly<Record<string, number>> = {}) {
  const written = f.params.at(-1);
  let state = 1;
  const next = (most: number) => (state = Math.imul(state, 1103515245) + 12345 >>> 0) / 65536 % most | 0;
  const arrays: Record<ScalarType, (n: number) => Float32Array | Int32Array | Uint32Array> = {
    f32: (n) => new Float32Array(n).map(() => next(5)),
    f16: (n) => new Float32Array(n).map(() => next(5)),
    i32: (n) => new Int32Array(n).map(() => next(5)),
    u32: (n) => new Uint32Array(n).map(() => next(5)),
    bool: (n) => new Uint32Array(n).map(() => next(2)),
  };
  const extent = (e: Expr) => e.kind === "const" ? e.value : e.kind === "var" ? shapes[e.name] ?? NaN : NaN;
  return Object.fromEntries(
    f.params.filter((b) => b !== written).map((b) => [
      b.name,
      arrays[b.dtype](b.shape.reduce((n, e) => n * extent(e), 1)),
    ]),
  );
}

/** Schedules `f` for all profiles and both levels, and runs it on the devices: as they are, and with `limits`. */
async function builds(
  f: PrimFunc,
  shapes: Readonly<Record<string, number>> = {},
  limits: Partial<Target["limits"]> = {},
) {
  const less = (t: Target): Target => ({ ...t, limits: { ...t.limits, ...limits } });
  for (const among of bothLevels) {
    for (const profile of profiles) {
      const target = less(targetOf(profile));
      const { made } = scheduleThen(f, target, among, (g) => compile(g, target));
      assert(made.launches.length > 0);
    }
    for (const device of devices) {
      const target = less(device.target);
      const { made } = scheduleThen(f, target, among, (g) => compile(g, target));
      const subject = subjectOf(f, shapes, 0, numbers(f, shapes));
      assertEquals(await wrongResults(device, subject, made), undefined);
    }
  }
}

Deno.test("bool inputs are read from buffers where presets have textures", async () => {
  const M = placeholder("M", [8, 12], "bool"), A = placeholder("A", [8, 12]), k = te.reduceAxis(12);
  const masked = te.compute("Y", [8, 12], (i, j) => select(M.at(i, j), A.at(i, j), constant(0, "f32")));
  await builds(te.primFunc("map", [M, A, masked]));
  const sums = te.compute(
    "Y",
    [8],
    (i) => te.sum(select(M.at(i, k.var), A.at(i, k.var), constant(0, "f32")), [k]),
  );
  await builds(te.primFunc("sums", [M, A, sums]));
  const swapped = te.compute(
    "Y",
    [12, 8],
    (i, j) => select(M.at(j, i), A.at(j, i), constant(0, "f32")),
  );
  await builds(te.primFunc("swapped", [M, A, swapped]));
  const B = placeholder("B", [12, 8], "bool");
  const product = te.compute(
    "Y",
    [8, 8],
    (i, j) => te.sum(mul(A.at(i, k.var), cast("f32", B.at(k.var, j))), [k]),
  );
  await builds(te.primFunc("product", [A, B, product]));
});

Deno.test("a batch of more matrices than a dimension of the grid has workgroups", async () => {
  const A = placeholder("A", [70, 2, 2]), B = placeholder("B", [70, 2, 2]);
  await builds(te.primFunc("batch", [A, B, op.matmul(A, B, { name: "C" })]), {}, { maxWorkgroups: 65 });
});

Deno.test("a reduction of more steps than a thread may take is shared by threads", async () => {
  const A = placeholder("A", [2000, 2]), W = placeholder("W", [2, 1500]), V = placeholder("V", [1500, 2]);
  const limits = { maxLoopIterations: 65 };
  await builds(te.primFunc("columns", [A, op.reduceSum(A, { axis: 0, name: "S" })]), {}, limits);
  await builds(te.primFunc("product", [W, V, op.matmul(W, V, { name: "C" })]), {}, limits);
  const k = te.reduceAxis(1500);
  const largest = te.compute("C", [2], (i) => te.max(mul(W.at(i, k.var), W.at(sub(1, i), k.var)), [k]));
  await builds(te.primFunc("largest", [W, largest]), {}, limits);
});

for (const device of devices) {
  Deno.test(`a launch past the limits of the rule's kernels is taken over, on ${device.target.name}`, async () => {
    const A = placeholder("A", ["b", 2, 2]), B = placeholder("B", ["b", 2, 2]);
    const f = te.primFunc("batch", [A, B, op.matmul(A, B, { name: "C" })]), b = 70_000;
    using program = await build(f, device);
    const twos = new Float32Array(4 * b).fill(2), rising = new Float32Array(4 * b).map((_, n) => n % 7);
    const { C } = await program.run({ A: twos, B: rising }, { b });
    const wrong = (C as Float32Array).findIndex((x, n) => {
      const at = n - n % 4 + n % 2;
      return x !== 2 * ((rising[at] ?? NaN) + (rising[at + 2] ?? NaN));
    });
    assertEquals([C?.length, wrong], [4 * b, -1]);
    using bound = await program.bind({ A: twos, B: rising }, { b });
    await bound.run(1);
    assertEquals((await bound.read())["C"], C);

    const X = placeholder("X", [2, "k"]);
    using sums = await build(te.primFunc("sums", [X, op.reduceSum(X, { axis: 1, name: "S" })]), device, {
      level: 0,
    });
    const k = 150_000;
    const { S } = await sums.run({ X: new Float32Array(2 * k).map((_, n) => n % 3) }, { k });
    assertEquals([...S ?? []], [k, k]);
  });
}

Deno.test("long symbolic rows are shared by threads where a launch asks for it", () => {
  const X = placeholder("X", ["m", "k"]), target = targetOf("llvmpipe");
  const f = te.primFunc("sums", [X, op.reduceSum(X, { axis: 1, name: "S" })]);
  const config = (among: Parameters<typeof schedule>[2]) => schedule(f, target, among).preset["S.tile_k"];
  assertEquals([config([fallback]), config([wideFallback])], [[1, 1], [64, 2]]);
});

Deno.test("more inputs than the device has storage buffers are packed into one", async () => {
  const some = Array.from({ length: 12 }, (_, k) => placeholder(`X${k}`, [k % 3 === 2 ? 1 : 3, 5]));
  const whole = Array.from({ length: 3 }, (_, k) => placeholder(`I${k}`, [3, 5], "i32"));
  const sum = (terms: readonly Expr[]) => terms.reduce((a, b) => add(a, b));
  const terms = (i: Expr, j: Expr) => [
    ...some.map((x, k) => mul(x.at(k % 3 === 2 ? 0 : i, j), k + 1)),
    ...whole.map((x) => cast("f32", x.at(i, j))),
  ];
  const limits = { maxStorageBuffers: 8 };
  const Y = te.compute("Y", [3, 5], (i, j) => sum(terms(i, j)));
  await builds(te.primFunc("map", [...some, ...whole, Y]), {}, limits);
  const k = te.reduceAxis(5);
  const S = te.compute("S", [3], (i) => te.sum(sum(terms(i, k.var)), [k]));
  await builds(te.primFunc("sums", [...some, ...whole, S]), {}, limits);
  await builds(te.primFunc("few", [...some, ...whole, S]), {}, { maxStorageBuffers: 3 });
  const m = Array.from({ length: 12 }, (_, k) => placeholder(`X${k}`, ["m", 4]));
  const Z = te.compute("Z", m[0]?.shape ?? [], (i, j) => sum(m.map((x) => x.at(i, j))));
  await builds(te.primFunc("symbolic", [...m, Z]), { m: 5 }, limits);
});

Deno.test("a program with too many choices keeps fewer of them", async () => {
  const A = placeholder("A", [1, 2, 5, 5]), W = placeholder("W", [3, 2, 3, 3]);
  const [g, b, mean, variance] = ["g", "b", "mean", "variance"].map((name) => placeholder(name, [3])) as [
    te.Tensor,
    te.Tensor,
    te.Tensor,
    te.Tensor,
  ];
  const C = op.conv2d(A, W, { padding: 1 });
  const normal = te.compute("N", [1, 3, 5, 5], (n, f, y, x) => {
    const centered = sub(C.at(n, f, y, x), mean.at(f));
    return add(mul(mul(centered, call("rsqrt", add(variance.at(f), 1))), g.at(f)), b.at(f));
  });
  await builds(te.primFunc("block", [A, W, g, b, mean, variance, op.silu(normal, { name: "Y" })]));
});

Deno.test("a block may write two tensors, also in a reduction", async () => {
  const n = 5, m = 7;
  const A = buffer("A", [n, m]), V = buffer("V", [n]), X = buffer("X", [n], "i32"), R = buffer("R", [n]);
  const [i, k, vi, vk] = ["i", "k", "vi", "vk"].map((name) => variable(name)) as [
    te.Var,
    te.Var,
    te.Var,
    te.Var,
  ];
  const first = block(
    "first",
    [iterVar(vi, n), iterVar(vk, m, "reduce")],
    [i, k],
    seq(
      store(X, [vi], select(binary("gt", load(A, vi, vk), load(V, vi)), vk, load(X, vi))),
      store(V, [vi], binary("max", load(V, vi), load(A, vi, vk))),
    ),
    { init: seq(store(X, [vi], constant(-1)), store(V, [vi], constant(-1, "f32"))) },
  );
  const j = variable("j"), vj = variable("vj");
  const both = block(
    "both",
    [iterVar(vj, n)],
    [j],
    store(R, [vj], add(load(V, vj), cast("f32", load(X, vj)))),
  );
  const nests = seq(forLoop(i, n, forLoop(k, m, first)), forLoop(j, n, both));
  await builds(new PrimFunc("argmax", [A, R], [], [V, X], nests));
});

Deno.test("sums over single elements, with a consumer", async () => {
  for (const shape of [[1, 1], [1, 1, 1], [1, 7], [5, 1]]) {
    const A = placeholder("A", shape), axes = shape.map((n) => te.reduceAxis(n));
    const S = te.compute("s", [1, 1], () => te.sum(A.at(...axes.map((a) => a.var)), axes));
    const Y = te.compute("Y", shape, (...at) => sub(A.at(...at), S.at(0, 0)));
    await builds(te.primFunc("centered", [A, Y]));
    const rows = te.compute("r", [shape[0] as number, 1], (i) => {
      const k = axes.slice(1);
      return te.max(A.at(i as Expr, ...k.map((a) => a.var)), k);
    });
    const R = te.compute("Y", [shape[0] as number, 1], (i, j) => mul(rows.at(i, j), 2));
    await builds(te.primFunc("rows", [A, R]));
  }
});

Deno.test("a reduction reads rows that indices name", async () => {
  const pages = placeholder("pages", [6], "i32", { below: 5 });
  const K = placeholder("K", [5, 8]),
    Q = placeholder("Q", [3, 8]),
    d = te.reduceAxis(8),
    l = te.reduceAxis(6);
  const scores = te.compute(
    "S",
    [3, 6],
    (i, j) => te.sum(mul(Q.at(i, d.var), K.at(pages.at(j), d.var)), [d]),
  );
  const Y = te.compute(
    "Y",
    [3, 8],
    (i, e) => te.sum(mul(scores.at(i, l.var), K.at(pages.at(l.var), e)), [l]),
  );
  await builds(te.primFunc("paged", [pages, K, Q, scores]));
  await builds(te.primFunc("paged_values", [pages, K, Q, Y]));
  const table = placeholder("ids", ["n"], "i32", { below: 5 }), k = te.reduceAxis(te.shapeVariable("n"));
  const bag = te.compute("Y", [8], (e) => te.sum(K.at(table.at(k.var), e), [k]));
  await builds(te.primFunc("bag", [table, K, bag]), { n: 11 });
});

Deno.test("a symbolic reduction over elements that go around", async () => {
  const n = te.shapeVariable("n"), D = placeholder("D", [n]), A = placeholder("A", [n]), k = te.reduceAxis(n);
  const turned = (i: Expr) => D.at(binary("floormod", add(i, k.var), n));
  const circular = te.compute("Y", [n], (i) => te.sum(mul(turned(i as Expr), A.at(k.var)), [k]));
  for (const size of [1, 7, 33]) await builds(te.primFunc("circular", [D, A, circular]), { n: size });
  const few = te.compute("Y", [4], (i) => te.sum(turned(i as Expr), [k]));
  for (const size of [1, 7, 33]) await builds(te.primFunc("few", [D, A, few]), { n: size });
});
