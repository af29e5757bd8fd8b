/** Whatever a program's tensors, axes and shapes are called, its kernels compile, run and are right. */
import fc from "fast-check";
import * as expr from "../../lib/te/expr.ts";
import * as te from "../../lib/face/te.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { identifier, Names } from "../../lib/codegen/names.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, schedule, scheduleThen } from "../../lib/dlight/schedule.ts";
import { add, mul, variable } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import type { Shapes } from "../../lib/runtime/arguments.ts";
import { devices } from "../devices.ts";
import { WGSL_WORDS } from "./wgsl_words.ts";
import { subjectOf, wrongResults } from "../lower/checked_run.ts";
import { countWork } from "../count_work.ts";

/** Words of the two languages, of the printers, and of JavaScript's objects. */
const WORDS = [
  "for while if else return let var const fn function struct class switch case default break continue loop true false",
  "null undefined NaN Infinity this new delete typeof void in instanceof yield await async static eval arguments",
  "alias override discard diagnostic enable requires array atomic bool f16 f32 i32 u32 vec4 mat4x4 ptr sampler",
  "texture_2d textureLoad workgroupBarrier storageBarrier select min max exp erf abs sign storage uniform workgroup",
  "read read_write private binding group builtin compute main wid lid num shape Shape grid_x block_x thread_x thread_y",
  "n end x y z t u thread threads buffers uniforms grid floordiv_1 floormod_1 erf_f32 erf_f32x4 Math Float32Array Object",
  "constructor toString valueOf hasOwnProperty prototype self target of final impl",
].flatMap((line) => line.split(" "));

const STRANGE = [
  "__proto__",
  "_",
  "__",
  "",
  " ",
  "0",
  "7up",
  "naïve",
  "数",
  "🙂",
  "a b",
  "a-b",
  "a_b",
  "a.b",
  "a_b_1",
  'a); throw new Error("evil"); (',
  "*/ evil /*",
  "line\nbreak",
  "`${evil}`",
  "floordiv",
  "floormod",
  "x".repeat(200),
  "x".repeat(201),
];

/** The sum of tensors of these names, along an axis and over one that has a name as well. */
function sumOf(names: readonly string[], axis: string, extent: Expr | number): PrimFunc {
  const inputs = names.slice(1).map((name) => placeholder(name, [extent, 3]));
  const k = reduceAxis(3, axis);
  const result = compute(
    names[0] as string,
    [extent],
    (i) => sum(inputs.map((A): Expr => mul(A.at(i, k.var), A.at(i, k.var))).reduce((p, q) => add(p, q)), [k]),
  );
  return primFunc(names.at(-1) as string, [...inputs, result]);
}

function groupsOf(names: readonly string[], size: number): readonly (readonly string[])[] {
  return Array.from(
    { length: Math.ceil(names.length / size) },
    (_, k) => names.slice(k * size, (k + 1) * size),
  );
}

/** All names that WGSL has without a declaration. */
const PREDECLARED = [...new Set(WGSL_WORDS)];

for (const device of devices) {
  const { target } = device;
  const right = async (func: PrimFunc, shapes: Shapes, given: Shapes) => {
    const executable = compile(schedule(func, target, [fallback]).func, target);
    const subject = { ...subjectOf(func, shapes, 1), shapes: given };
    assertEquals(await wrongResults(device, subject, executable), undefined);
  };

  Deno.test(`tensors and axes of any name are right on ${target.name}`, async () => {
    for (const names of groupsOf([...WORDS, ...STRANGE], 30)) {
      for (const axis of [names[0] as string, names.at(-1) as string]) {
        await right(sumOf(names, axis, 5), {}, {});
      }
    }
  });

  Deno.test(`tensors of every predeclared name of WGSL are right on ${target.name}`, async () => {
    for (const names of groupsOf(PREDECLARED, 40)) {
      // The names are split among parameters, what is between them, a program and an axis.
      const A = placeholder("A", [5]);
      const chain = names.reduce((t, name) => compute(name, [5], (i) => add(t.at(i), A.at(i))), A);
      await right(primFunc(names[0] as string, [A, chain]), {}, {});
      await right(sumOf(names.slice(0, 7), names.at(-1) as string, 5), {}, {});
    }
    for (const name of ["texture_storage_2d", "rgba32float", "vec4f", "textureLoad", "read_write"]) {
      assert(identifier(name) !== name);
      await right(sumOf(["out", name, "B"], name, variable(name)), Object.fromEntries([[name, 4]]), {});
    }
  });

  Deno.test(`shape variables of any name are right on ${target.name}`, async () => {
    for (
      const name of [...WORDS.filter((_, k) => k % 12 === 0), "constructor", "toString", "m", ...STRANGE]
    ) {
      const func = sumOf(["out", "A", name, "B"], name, variable(name));
      const shapes = Object.fromEntries([[name, 4]]);
      for (const given of target.kind === "cpu" ? [{}, shapes] : [{}]) await right(func, shapes, given);
    }
  });
}

Deno.test("an identifier is made of ASCII letters, digits and underscores, and begins with a letter", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "grapheme", maxLength: 300 }), fc.constantFrom(...WORDS)),
      (name) => {
        assertMatch(identifier(name), /^[A-Za-z]\w*$/);
        assert(identifier(name).length <= 63);
      },
    ),
  );
});

Deno.test("identifiers are each their own, and the same for the same object", () => {
  const reserved = new Set(["for", "floordiv_1", "erf_f32", "main", "var"]);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...WORDS, ...STRANGE), fc.string())), (wanted) => {
      const names = new Names();
      const vars = wanted.map((name) => variable(name));
      const given = vars.map((v) => names.of(v));
      assertEquals(new Set(given).size, vars.length);
      assertEquals(vars.map((v) => names.of(v)), given);
      assert(given.every((name) => !reserved.has(name)));
    }),
  );
});

Deno.test("thousands of names that are cut to the same letters are told apart with work in proportion", async () => {
  const work = async (count: number) => {
    const names = new Names(), long = "x".repeat(100);
    const { all } = await countWork(() => {
      const given = Array.from({ length: count }, (_, k) => names.fresh(`${long}_${k}`));
      assertEquals(new Set(given).size, count);
    });
    return all;
  };
  // Trying every number for every name would take 16 times the work.
  assert(await work(1 << 14) < 6 * await work(1 << 12));
});

Deno.test("a number at the end of a name makes none of the printers' own", () => {
  for (const word of ["floordiv", "floormod", "grid", "block"]) {
    const names = new Names();
    const given = Array.from({ length: 6 }, () => names.fresh(word));
    assertEquals(new Set(given).size, 6);
    for (const own of ["floordiv_1", "floordiv_4", "floormod_1", "floormod_4"]) {
      assert(!given.includes(own), own);
    }
  }
});

Deno.test("no identifier is a function that a printer writes", () => {
  const A = te.placeholder("A", [64]),
    I = te.placeholder("I", [64], "i32"),
    U = te.placeholder("U", [64], "u32");
  const H = te.placeholder("H", [64], "f16");
  const all = (x: Expr, n: Expr, w: Expr): Expr => {
    const floats = [
      expr.exp2(x),
      expr.log2(x),
      expr.atan(x),
      expr.sin(x),
      expr.cos(x),
      expr.erf(x),
      expr.pow(x, x),
    ];
    const sum = [...floats, expr.round(x), expr.tanh(x)].reduce((a, b) => expr.add(a, b));
    const long = expr.floorMod(expr.add(expr.mul(n, n), expr.abs(n)), expr.add(expr.abs(n), 1));
    const words = expr.add(
      expr.floorMod(long, 7),
      expr.cast("i32", expr.bitcast("u32", expr.bitcast("f32", w))),
    );
    return expr.select(
      expr.isNaN(x),
      expr.cast("f32", words),
      expr.add(sum, expr.cast("f32", expr.cast("i32", x))),
    );
  };
  const func = te.primFunc("all", [
    A,
    I,
    U,
    H,
    te.compute("Y", [64], (i) => {
      const half = expr.cast("f32", expr.add(expr.sin(H.at(i)), expr.exp2(H.at(i))));
      return expr.add(all(A.at(i), I.at(i), U.at(i)), half);
    }),
  ]);
  let seen = 0;
  for (const profile of ["cpu", "generic-webgpu", "llvmpipe"] as const) {
    const target = targetOf(profile);
    const { made } = scheduleThen(
      func,
      { ...target, f16: true },
      rules,
      (f) => compile(f, { ...target, f16: true }),
    );
    for (const { source } of made.launches) {
      for (const [, name] of source.matchAll(/(?:\bfn |\bconst )(\w+)(?:\(| = \(| = new DataView)/g)) {
        if (name === "main") continue;
        seen++;
        assert(identifier(name as string) !== name, name);
      }
    }
  }
  assert(seen > 15, `${seen}`);
});
