/** Which rule schedules what, and what each of the others says. */
import * as op from "../../lib/face/op.ts";
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { PRESETS } from "../../lib/dlight/presets.ts";
import { match, rules, schedule } from "../../lib/dlight/schedule.ts";
import { add, call, constant, mul, variable } from "../../lib/ir/build.ts";
import { equalFunc } from "../../lib/ir/equal.ts";
import { OptionError, TunebookError } from "../../lib/base/error.ts";
import type { Buffer, Expr, Var } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { mapExpr, mapStmt } from "../../lib/ir/visit.ts";
import { replaceBuffers } from "../../lib/ir/substitute.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { replay } from "../../lib/schedule/trace.ts";
import { SpaceError } from "../../lib/space/error.ts";
import { PROFILES, targetOf } from "../../lib/target/profiles.ts";
import type { Profile } from "../../lib/target/target.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder, type Tensor } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { max, reduceAxis, sum } from "../../lib/te/reduce.ts";
import { devices } from "../devices.ts";
import { golden } from "../golden.ts";
import { subjectOf, wrongOn } from "../lower/checked_run.ts";
import { type Case, CASES } from "./operators.ts";

const profiles = Object.keys(PROFILES) as readonly Profile[];
const generic = targetOf("generic-webgpu");

Deno.test("each operator has its rule, and the rules before it say why they are not", () => {
  const first = [...Map.groupBy(CASES.filter((c) => c.sort === "even"), (c) => c.operator).values()].map((
    g,
  ) => g[0]);
  const lines = first.map((c) => {
    const { rule, why } = match((c as Case).func, generic);
    return [`${c?.operator}: ${rule}`, ...why.map((w) => `  ${w.rule}: ${w.because}`)].join("\n");
  });
  golden("dlight/rules.txt", lines.join("\n\n"));
});

Deno.test("sorts of shapes that change a rule", () => {
  const rule = (func: PrimFunc) => match(func, generic).rule;
  const lines = [...Map.groupBy(CASES, (c) => `${c.operator} ${c.dtype}`)].flatMap(([name, cases]) => {
    const all = new Map(cases.map((c) => [c.sort, rule(c.func)]));
    return new Set(all.values()).size === 1
      ? []
      : [`${name}: ${[...all].map(([s, r]) => `${s} ${r}`).join(", ")}`];
  });
  golden("dlight/sorts.txt", lines.join("\n"));
});

Deno.test("a product with two axes of its own on one side has a product for each position of one", async () => {
  const k = reduceAxis(8, "k"), A = placeholder("A", [8, 8]), W = placeholder("W", [8, 8, 8]);
  const right = compute("C", [8, 8, 8], (i, j, l) => sum(mul(A.at(i, k.var), W.at(j, k.var, l)), [k]));
  const left = compute("C", [8, 8, 8], (j, l, i) => sum(mul(W.at(j, k.var, l), A.at(i, k.var)), [k]));
  for (const C of [right, left]) {
    const func = primFunc("two", [A, W, C]);
    assertEquals(match(func, generic).rule, "Matmul");
    for (const device of devices) {
      assertEquals(
        await wrongOn(device, subjectOf(func, {}, 1), schedule(func, device.target).func),
        undefined,
      );
    }
  }
});

Deno.test("rows that read a statistic of another row are none of Reduction's", () => {
  const k = reduceAxis(8, "k"), A = placeholder("A", [4, 6, 8]);
  const S = compute("S", [4, 6], (b, i) => sum(A.at(b, i, k.var), [k]));
  const readers: Readonly<Record<string, (b: Var, i: Var) => Expr>> = {
    "its own": (b, i) => S.at(b, i),
    "the first of its batch": (b) => S.at(b, 0),
    "the same of the first batch": (_, i) => S.at(0, i),
    "the first of all": () => S.at(0, 0),
  };
  const taken = Object.entries(readers).flatMap(([name, at]) => {
    const D = compute("D", [4, 6, 8], (b, i, j) => mul(A.at(b, i, j), at(b, i)));
    const { rule, why } = match(primFunc("rows", [A, D]), generic);
    assertEquals(why.filter((w) => w.failed !== undefined), [], name);
    return rule === "Reduction" ? [name] : [];
  });
  assertEquals(taken, ["its own"]);
});

Deno.test("what reads other elements of a product than its own is no epilogue of it", () => {
  const k = reduceAxis(8, "k"), A = placeholder("A", [8, 8]), B = placeholder("B", [8, 8]);
  const C = compute("C", [8, 8], (i, j) => sum(mul(A.at(i, k.var), B.at(k.var, j)), [k]));
  const readers: Readonly<Record<string, (i: Var, j: Var) => Expr>> = {
    "its own": (i, j) => add(C.at(i, j), 1),
    "a row's first": (i, j) => add(C.at(i, j), C.at(i, 0)),
    "a column's first": (i, j) => add(C.at(i, j), C.at(0, j)),
    "the transposed": (i, j) => C.at(j, i),
  };
  const fused = Object.entries(readers).flatMap(([name, value]) => {
    const { rule, why } = match(primFunc("reads", [A, B, compute("D", [8, 8], value)]), generic);
    // A rule says so itself; it is not its template that fails.
    assertEquals(why.filter((w) => w.failed !== undefined), [], name);
    return rule === "Matmul" ? [name] : [];
  });
  assertEquals(fused, ["its own", "the transposed"]);
});

/** The program with other names for everything in it. */
function renamed(func: PrimFunc): PrimFunc {
  const buffers = new Map<Buffer, Buffer>(
    [...func.params, ...func.allocs].map((b, k) => [b, { ...b, name: `zz${k}` }]),
  );
  const vars = new Map<Var, Var>();
  const other = (v: Var): Var => {
    const known = vars.get(v) ?? variable(`yy${vars.size}`);
    vars.set(v, known);
    return known;
  };
  const expr = (e: Expr): Expr => e.kind === "var" ? other(e) : mapExpr(e, expr);
  let blocks = 0;
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt, expr);
    if (x.kind === "for") return { ...x, var: other(x.var) };
    if (x.kind !== "block") return x;
    return { ...x, name: `xx${blocks++}`, iters: x.iters.map((it) => ({ ...it, var: other(it.var) })) };
  };
  const body = stmt(replaceBuffers(func.body, buffers));
  const shaped = (b: Buffer): Buffer => buffers.get(b) as Buffer;
  if (func.shapeVars.length > 0) return func;
  return new PrimFunc("ww", func.params.map(shaped), [], func.allocs.map(shaped), body);
}

Deno.test("rules go by loops and accesses, and not by names", () => {
  for (const { func } of CASES.filter((c) => c.sort === "odd")) {
    const one = schedule(func, generic), two = schedule(renamed(func), generic);
    assertEquals(two.rule, one.rule);
    // Fallback's knobs are named for blocks.
    if (one.rule !== "Fallback") assertEquals(two.space.toJSON(), one.space.toJSON());
    assertEquals(two.trace.steps.map((s) => s.op), one.trace.steps.map((s) => s.op));
  }
});

Deno.test("the same program and target give the same schedule, and its trace makes it again", () => {
  for (const { func, sort } of CASES) {
    if (sort !== "odd" && sort !== "symbolic") continue;
    const one = schedule(func, generic), two = schedule(func, generic);
    assertEquals(one.trace.toJSON(), two.trace.toJSON());
    assert(equalFunc(one.func, two.func));
    assert(equalFunc(replay(func, one.trace.toJSON()), one.func));
    assertEquals(one.preset, one.space.at(one.space.preset));
  }
});

Deno.test("every profile's presets keep its own limits", () => {
  for (const profile of profiles) {
    for (const { func, sort, dtype } of CASES) {
      if (dtype !== "f32" || sort !== "odd") continue;
      compile(schedule(func, targetOf(profile)).func, targetOf(profile));
    }
  }
});

Deno.test("presets are those of the table where the shapes are large enough", () => {
  for (const profile of profiles) {
    const target = targetOf(profile), table = PRESETS[profile];
    const preset = (func: PrimFunc) => schedule(func, target).preset;
    const { i, j, k, path, bPath = path } = table.matmul;
    const product = preset(te.matmul({ m: 4096, n: 4096, k: 4096 }));
    assertEquals([product.tile_i, product.tile_j, product.tile_k], [i, j, [k]], profile);
    assertEquals([product.a_path, product.b_path], [path, bPath]);
    for (
      const [func, row] of [
        [te.gemv({ n: 4096, k: 4096 }), table.gemv],
        [te.gemv({ n: 4096, k: 4096, transposeA: true }), table.outerGemv],
      ] as const
    ) {
      const { tile_rows, tile_k } = preset(func);
      assertEquals([tile_rows, tile_k], [row.rows, [row.reduceThreads, row.chunk]], profile);
    }
  }
});

Deno.test("a preset that an extent is too small for is the nearest that fits", () => {
  const { preset } = schedule(te.matmul({ m: 2, n: 3, k: 5 }), generic);
  assertEquals([preset.tile_i, preset.tile_j, preset.tile_k], [[1, 2], [1, 4], [8]]);
});

Deno.test("rows of activations in buffers have numbers of their own", () => {
  const llvmpipe = targetOf("llvmpipe"), { inBuffers, threads } = PRESETS.llvmpipe.reduction;
  const threadsOf = (rows: number | string, activations: readonly string[]) => {
    const { preset } = schedule(te.rmsNorm({ rows, columns: 256 }).with({ activations }), llvmpipe);
    return (preset.tile_columns as readonly number[])[0];
  };
  for (const rows of [8, "n"]) {
    assertEquals(threadsOf(rows, []), threads);
    assertEquals(threadsOf(rows, ["A"]), inBuffers?.threads);
  }
  assertEquals(threadsOf(1, ["A"]), threads);
  // Enough of them that they are copied to a texture.
  assertEquals(threadsOf(64, ["A"]), threads);
});

Deno.test("more inputs than a kernel may have textures stay in buffers", () => {
  const llvmpipe = targetOf("llvmpipe"), limits = { ...llvmpipe.limits, maxTextures: 4 };
  const inputs = Array.from({ length: 5 }, (_, k) => placeholder(`x${k}`, [64]));
  const [first, ...others] = inputs as [Tensor, ...Tensor[]];
  const total = compute("Y", [64], (i) => others.reduce<Expr>((s, x) => add(s, x.at(i)), first.at(i)));
  const func = primFunc("sum", [...inputs, total]);
  const path = (target: typeof llvmpipe) => schedule(func, target).preset.input;
  assertEquals([path(llvmpipe), path({ ...llvmpipe, limits })], ["texture", "buffer"]);
});

Deno.test("without a rule that matches, what each said is told", () => {
  const { message } = assertThrows(
    () => schedule(te.add({ shape: [4] }), generic, rules.slice(0, 1)),
    TunebookError,
  );
  assertEquals(
    message,
    "no rule of 1 schedules add (Matmul: it has 0 reductions and not one); Fallback schedules any program",
  );
  assertThrows(
    () => schedule(te.add({ shape: [4] }), generic, []),
    TunebookError,
    "no rule of 0 schedules add ()",
  );
});

Deno.test("a program that is scheduled already is left to no rule but Fallback, which says what stands in its way", () => {
  const { func } = schedule(te.matmul({ m: 8, n: 8, k: 8 }), generic);
  const { why } = match(func, generic);
  for (const { rule, because } of why.slice(0, -1)) {
    assert(because.startsWith("it is scheduled already"), `${rule}: ${because}`);
  }
  const error = assertThrows(() => schedule(func, generic), SpaceError, "cannot declare the space of matmul");
  assertInstanceOf(error.cause, ScheduleError);
});

Deno.test("a target that there isn't is refused with those that there are", () => {
  const message = `expected profile of targetOf to be one of ${profiles.join(", ")}, got "voodoo"`;
  assertThrows(() => targetOf("voodoo" as Profile), OptionError, message);
  assertThrows(() => targetOf("toString" as Profile), OptionError, 'got "toString"');
});

// Programs by hand: what stands before and after a product.

const c = (value: number) => constant(value, "f32");
const [M, N, K] = [12, 20, 9];
const A = placeholder("A", [M, K]), B = placeholder("B", [K, N]), bias = placeholder("bias", [N]);

/** `Σ_k left[i, k]·right[k, j]`; with `transposed`, right[j, k]. */
function product(left: Tensor, right: Tensor, transposed = false): Tensor {
  const k = reduceAxis(K), n = transposed ? M : N;
  const other = (j: Var) => transposed ? right.at(j, k.var) : right.at(k.var, j);
  return compute("P", [M, n], (i, j) => sum(mul(left.at(i, k.var), other(j as Var)), [k]));
}

function gelu(x: Expr): Expr {
  return mul(mul(c(0.5), x), add(c(1), call("erf", mul(x, c(Math.SQRT1_2)))));
}

/** `f` of each element. */
function map(name: string, t: Tensor, f: (x: Expr) => Expr): Tensor {
  return compute(name, t.buffer.shape, (...at) => f(t.at(...at)));
}

const twice = (x: Expr) => mul(x, c(2));
const P = product(A, B);
const shifted = compute("S", [M, N], (i, j) => add(P.at(i, j), bias.at(j as Var)));
const prepared = map("A2", map("A1", A, twice), twice);
const turned = compute("T", [N, M], (j, i) => P.at(i as Var, j));

const square = placeholder("Q", [K, K]), cube = placeholder("X", [K, K, N]), k = reduceAxis(K);
const crossed = compute("R", [K, K], (i, j) => square.at(j, i));
const rowsByColumns = compute("R2", [K, K], (i, j) => mul(crossed.at(i, j), square.at(i, j)));

const logits = placeholder("Z", [20, 300]), classes = placeholder("I", [20], "i32");
const totals = compute("totals", [K], (i) => sum(square.at(i, k.var), [k])), l = reduceAxis(K);

const BY_HAND: Readonly<
  Record<string, { readonly params: readonly Tensor[]; readonly rule: string; readonly kernels: number }>
> = {
  "a product with bias and activation": {
    params: [A, B, bias, map("G", shifted, gelu)],
    rule: "Matmul",
    kernels: 1,
  },
  "a product of a tensor that is computed in two steps": {
    params: [A, B, product(prepared, B)],
    rule: "Matmul",
    kernels: 1,
  },
  "a product of a tensor with itself": { params: [A, product(A, A, true)], rule: "Fallback", kernels: 1 },
  "sums of rows of a tensor times its columns": {
    params: [square, compute("U", [K], (i) => sum(rowsByColumns.at(i, k.var), [k]))],
    rule: "Reduction",
    kernels: 1,
  },
  "sums over columns of a tensor read at two places": {
    params: [
      cube,
      compute("U", [K, N], (i, j) => sum(mul(cube.at(k.var, i, j), cube.at(i, k.var, j)), [k])),
    ],
    rule: "Reduction",
    kernels: 1,
  },
  "a product that is a result, and what follows from it": {
    params: [A, B, bias, P, map("G", shifted, gelu)],
    rule: "Matmul",
    kernels: 1,
  },
  "a product from which two results follow": {
    params: [A, B, map("G", P, gelu), map("H", P, twice)],
    rule: "Matmul",
    kernels: 1,
  },
  "the mean of losses that each reduce a row": {
    params: [logits, classes, op.crossEntropy(logits, classes)],
    rule: "ReductionChain",
    kernels: 2,
  },
  "the largest of sums of rows, and the sums": {
    params: [square, totals, compute("L", [], () => max(totals.at(l.var), [l]))],
    rule: "ReductionChain",
    kernels: 2,
  },
  "a product that is written in another order": { params: [A, B, turned], rule: "Matmul", kernels: 1 },
};

for (const [name, { params, rule, kernels }] of Object.entries(BY_HAND)) {
  const func = primFunc("by_hand", params);
  for (const device of devices) {
    Deno.test(`${name}: by ${rule}, in ${kernels} kernels, right on ${device.target.name}`, async () => {
      for (const target of [device.target, generic]) {
        const scheduled = schedule(func, target);
        assertEquals([scheduled.rule, compile(scheduled.func, device.target).launches.length], [
          rule,
          kernels,
        ]);
        assertEquals(await wrongOn(device, subjectOf(func, {}, 1), scheduled.func), undefined);
      }
    });
  }
}
