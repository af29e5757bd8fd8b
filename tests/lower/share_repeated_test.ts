/** Expressions that are graphs stay graphs: source, and nodes that passes see, grow as their nodes do. */
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { fallback } from "../../lib/dlight/fallback/fallback.ts";
import { rules, scheduleThen } from "../../lib/dlight/schedule.ts";
import { add, binary, call, constant, lt, max, min, mul, select, sub, variable } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { keyOf } from "../../lib/ir/key.ts";
import { sharedNodes } from "../../lib/ir/shared_nodes.ts";
import { nodesIn, treeSizeOf } from "../../lib/ir/size.ts";
import { eachOnce, walkExpr } from "../../lib/ir/visit.ts";
import { substitute } from "../../lib/ir/substitute.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongResults } from "../lower/checked_run.ts";

const f32 = (value: number) => constant(value, "f32");
const steps = (count: number, first: Expr, next: (e: Expr, k: number) => Expr) => {
  let e = first;
  for (let k = 0; k < count; k++) e = next(e, k);
  return e;
};
/** A program of one tensor, made of `X` element by element. */
const map = (name: string, of: (x: Expr) => Expr, dtype: "f32" | "i32" = "f32") => {
  const X = te.placeholder("X", [64], dtype);
  return te.primFunc(name, [X, te.compute("Y", [64], (i) => of(X.at(i)))]);
};

const smoothUnion = (d: Expr, b: Expr) => {
  const h = max(sub(f32(0.5), call("abs", sub(d, b))), f32(0));
  return sub(min(d, b), mul(mul(h, h), f32(0.5)));
};
const newton = (x: Expr) => (y: Expr) =>
  sub(y, binary("div", sub(mul(mul(y, y), y), x), add(mul(f32(3), mul(y, y)), f32(1))));

function products(count: number) {
  const X = te.placeholder("X", [64]);
  let last = X;
  for (let k = 0; k < count; k++) {
    const before = last;
    last = te.compute(`T${k}`, [64], (i) => mul(sub(before.at(i), f32(0.5)), before.at(i)));
  }
  return te.primFunc("products", [X, last]);
}

function stencils(count: number) {
  const X = te.placeholder("X", [90]);
  let last = X;
  for (let k = 0; k < count; k++) {
    const before = last;
    const sum = (i: Expr) => add(add(before.at(i), before.at(add(i, 1))), before.at(add(i, 2)));
    last = te.compute(`T${k}`, [88 - 2 * k], (i) => mul(sum(i), f32(1 / 3)));
  }
  return te.primFunc("stencils", [X, last]);
}

function sums(count: number) {
  const X = te.placeholder("X", [8, 16]), k = te.reduceAxis(16);
  const value = (i: Expr) => steps(count, X.at(i, k.var), (y) => sub(mul(mul(y, y), f32(0.25)), y));
  return te.primFunc("sums", [X, te.compute("Y", [8], (i) => te.sum(value(i), [k]))]);
}

const programs = [
  map("unions", (x) => steps(7, call("abs", x), (d, k) => smoothUnion(d, call("abs", sub(x, f32(k)))))),
  map("newton", (x) => steps(10, x, newton(x))),
  map(
    "bits",
    (x) => steps(30, x, (y, k) => binary("min", add(y, y), binary("bitxor", y, constant(k)))),
    "i32",
  ),
  map("choices", (x) => steps(30, x, (y, k) => select(lt(y, constant(k)), add(y, 1), sub(y, 3))), "i32"),
  products(16),
  sums(20),
  stencils(12),
];

for (const f of programs) {
  Deno.test(`the source of ${f.name} grows as its nodes, and computes what the program says`, async () => {
    const nodes = nodesIn(f.body);
    for (const target of [targetOf("cpu"), targetOf("generic-webgpu"), targetOf("llvmpipe")]) {
      const seen: number[] = [];
      const after = (_: string, { body }: { readonly body: Parameters<typeof nodesIn>[0] }) =>
        seen.push(nodesIn(body));
      const { made } = scheduleThen(f, target, [fallback], (g) => compile(g, target, { after }));
      const length = made.launches.reduce((n, l) => n + l.source.length, 0);
      assert(length <= 2000 + 100 * nodes, `${length} characters for ${nodes} nodes`);
      assert(Math.max(...seen) <= 200 + 10 * nodes, `${Math.max(...seen)} nodes for ${nodes}`);
      // Vectors of four, and up to four of them in a thread, are copies.
      const ruled = scheduleThen(f, target, rules, (g) => compile(g, target)).made;
      const copied = ruled.launches.reduce((n, l) => n + l.source.length, 0);
      assert(copied <= 16 * (2000 + 100 * nodes), `${copied} characters for ${nodes} nodes`);
    }
    for (const device of devices) {
      for (const among of [[fallback], rules]) {
        const { made } = scheduleThen(f, device.target, among, (g) => compile(g, device.target));
        assertEquals(await wrongResults(device, subjectOf(f, {}, 1), made), undefined, device.target.name);
      }
    }
  });
}

Deno.test("walks, replacements and keys take as long as there are nodes", () => {
  const x = variable("x"), y = variable("y");
  const deep = steps(200, add(x, 1), (e) => binary("bitxor", e, binary("shr", e, constant(1))));
  assertEquals(treeSizeOf(deep) > 2 ** 200, true);
  let visited = 0;
  walkExpr(deep, () => visited++);
  assert(visited < 3000, `${visited}`);
  const moved = substitute(deep, new Map([[x, y]]));
  let nodes = 0;
  eachOnce(() => nodes++)(moved);
  assert(nodes < 700, `${nodes}`);
  assertEquals(keyOf(moved), keyOf(substitute(deep, new Map([[x, y]]))));
  assert(keyOf(moved) !== keyOf(deep) && keyOf(deep).length < 300);
  assertEquals(sharedNodes([deep], 100).length, 200);
});

Deno.test("a small statement, or one with little that is repeated, stays as it is", () => {
  const x = add(variable("x"), 1);
  assertEquals(sharedNodes([binary("bitxor", x, x)], 100), []);
  const wide = steps(120, binary("bitxor", x, x), (e, k) => binary("bitor", e, constant(k)));
  assertEquals([sharedNodes([wide], 100), sharedNodes([wide], 1000)], [[], []]);
});
