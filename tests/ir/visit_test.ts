import fc from "fast-check";
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import {
  add,
  binary,
  block,
  buffer,
  call,
  cast,
  constant,
  floorDiv,
  forLoop,
  iterVar,
  load,
  lt,
  mul,
  not,
  select,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { equalExpr, equalStmt } from "../../lib/ir/equal.ts";
import type { Buffer, Expr, Var } from "../../lib/ir/expr.ts";
import { interpret } from "../../lib/interp/interpret.ts";
import { printStmt } from "../../lib/ir/print.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { mapExpr, mapList, mapStmt, rewriteExprs, usesVar, walkExpr, walkStmt } from "../../lib/ir/visit.ts";
import { replaceBuffers, substitute, substituteStmt } from "../../lib/ir/substitute.ts";
import { arbProgram, randomInputs } from "./random_program.ts";

const i = variable("i"), j = variable("j"), v = variable("v");
const A = buffer("A", [8]), B = buffer("B", [8]);
const a = load(A, i), c = constant(1, "f32");

/** One of each kind, with the children that it has. */
const EXPRS: readonly (readonly [Expr, readonly Expr[]])[] = [
  [constant(1), []],
  [i, []],
  [binary("div", a, c), [a, c]],
  [not(lt(i, 3)), [lt(i, 3)]],
  [select(lt(i, 3), a, c), [lt(i, 3), a, c]],
  [cast("f16", a), [a]],
  [call("fma", a, c, a), [a, c, a]],
  [load(buffer("C", [8, 8]), i, j), [i, j]],
  [{ kind: "ramp", dtype: "i32x4", base: i, stride: 1 }, [i]],
  [{ kind: "broadcast", dtype: "f32x4", a }, [a]],
  [{ kind: "shuffle", dtype: "f32x2", lanes: [a, c] }, [a, c]],
];

const set = store(A, [i], c);
const full = block("full", [iterVar(v, j)], [i], set, { where: lt(i, 3), init: set });
const STMTS: readonly (readonly [Stmt, stmts: readonly Stmt[], exprs: readonly Expr[]])[] = [
  [forLoop(i, j, set), [set], [j]],
  [{ kind: "seq", body: [set, set] }, [set, set], []],
  [{ kind: "if", cond: lt(i, 3), then: set }, [set], [lt(i, 3)]],
  [{ kind: "if", cond: lt(i, 3), then: set, else: set }, [set, set], [lt(i, 3)]],
  [store(A, [i], a), [], [i, a]],
  [full, [set, set], [i, lt(i, 3), j]],
  [block("plain", [], [], set), [set], [constant(1, "bool")]],
  [{ kind: "let", var: v, value: i, body: set }, [set], [i]],
  [{ kind: "barrier", memory: "shared" }, [], []],
];

Deno.test("mapping sees every child once, in order, and changes nothing where nothing is changed", () => {
  for (const [e, children] of EXPRS) {
    const seen: Expr[] = [];
    assertStrictEquals(mapExpr(e, (x) => (seen.push(x), x)), e);
    assertEquals(seen, children);
  }
  for (const [s, stmts, exprs] of STMTS) {
    const seen: Stmt[] = [], values: Expr[] = [];
    assertStrictEquals(mapStmt(s, (x) => (seen.push(x), x), (e) => (values.push(e), e)), s);
    assertStrictEquals(mapStmt(s, (x) => x), s);
    assertEquals([seen, values], [stmts, exprs]);
  }
});

Deno.test("a child that is replaced is replaced in its place, and the node itself stays", () => {
  for (const [e, children] of EXPRS) {
    const before = structuredClone(e);
    for (const k of children.keys()) {
      let at = 0;
      const mark = variable("mark");
      const now = mapExpr(e, (x) => at++ === k ? mark : x);
      assertNotStrictEquals(now, e);
      const seen: Expr[] = [];
      mapExpr(now, (x) => (seen.push(x), x));
      assertEquals(seen, children.with(k, mark));
      assertEquals([now.kind, now.dtype], [e.kind, e.dtype]);
    }
    assertEquals(e, before);
  }
  for (const [s, stmts, exprs] of STMTS) {
    const children = (x: Stmt) => {
      const seen: (Stmt | Expr)[] = [];
      mapStmt(x, (y) => (seen.push(y), y));
      mapStmt(x, (y) => y, (e) => (seen.push(e), e));
      return seen;
    };
    for (let k = 0; k < stmts.length + exprs.length; k++) {
      let at = 0;
      const stmt: Stmt = { kind: "seq", body: [] }, expr = variable("mark");
      const now = k < stmts.length
        ? mapStmt(s, (x) => at++ === k ? stmt : x)
        : mapStmt(s, (x) => x, (e) => at++ === k - stmts.length ? expr : e);
      assertEquals(children(now), [...stmts, ...exprs].with(k, k < stmts.length ? stmt : expr));
    }
  }
});

Deno.test("a list keeps its identity as long as its elements do", () => {
  const list = [1, 2, 3];
  assertStrictEquals(mapList(list, (x) => x), list);
  assertEquals(mapList(list, (x) => x === 2 ? 5 : x), [1, 5, 3]);
  assertEquals(mapList(list, (x) => x + 1), [2, 3, 4]);
  assertEquals(list, [1, 2, 3]);
  assertEquals(mapList([], () => 1), []);
});

Deno.test("walking visits parents before their children, and all of them", () => {
  const e = add(mul(i, 4), floorDiv(j, 2));
  const seen: string[] = [];
  walkExpr(e, (x) => seen.push(x.kind === "binary" ? x.op : x.kind === "var" ? x.name : "const"));
  assertEquals(seen, ["add", "mul", "i", "const", "floordiv", "j", "const"]);
  const kinds: string[] = [];
  walkStmt(forLoop(j, 8, full), (s) => kinds.push(s.kind), (e) => kinds.push(e.kind));
  assertEquals(kinds.filter((k) => k === "for" || k === "block" || k === "store"), [
    "for",
    "block",
    "store",
    "store",
  ]);
  assertEquals(kinds.filter((k) => k === "var").length, 5);
});

Deno.test("rewriting goes from the leaves up", () => {
  const s = store(A, [add(i, 0)], load(B, add(i, 1)));
  const order: string[] = [];
  const now = rewriteExprs(s, (e) => {
    if (e.kind !== "const") order.push(e.kind);
    return e.kind === "const" ? constant(e.value + 1, e.dtype) : e;
  });
  assertEquals(order, ["var", "var", "binary", "load"]);
  assertEquals(printStmt(now), "A[i] = B[i + 2]");
  assertStrictEquals(rewriteExprs(s, (e) => e), s);
});

Deno.test("variables are replaced everywhere, all at once", () => {
  const by = new Map<Var, Expr>([[i, add(j, 1)], [j, i]]);
  assert(equalExpr(substitute(add(mul(i, 4), j), by), add(mul(add(j, 1), 4), i)));
  const s = forLoop(
    v,
    j,
    block("b", [iterVar(variable("w"), j)], [i], store(A, [i], a), { where: lt(j, i) }),
  );
  const now = substituteStmt(s, by);
  assertEquals(
    printStmt(now),
    `\
for v in range(i):
    with T.block("b"):
        w = T.axis.spatial(i, j + 1)
        T.where(i < j + 1)
        A[j + 1] = A[j + 1]`,
  );
  assertStrictEquals(substitute(a, new Map()), a);
  assertStrictEquals(substituteStmt(s, new Map()), s);
  assertStrictEquals(substituteStmt(s, new Map([[variable("i"), constant(0)]])), s);
});

Deno.test("buffers are replaced in loads and stores, not in one another", () => {
  const C = buffer("C", [8]);
  const s = store(A, [i], add(load(A, load(buffer("I", [8], "i32"), i)), load(B, i)));
  const by = new Map<Buffer, Buffer>([[A, B], [B, C]]);
  assertEquals(printStmt(replaceBuffers(s, by)), "B[i] = B[I[i]] + C[i]");
  assertStrictEquals(replaceBuffers(s, new Map([[C, A]])), s);
});

Deno.test("a variable is found wherever it is used", () => {
  const is = (x: Var) => (y: Var) => x === y;
  for (const e of [i, add(j, mul(i, 2)), load(A, add(i, 1)), select(lt(i, 3), c, c), cast("f32", i)]) {
    assert(usesVar(e, is(i)));
    assert(!usesVar(e, is(v)));
  }
  assert(!usesVar(constant(3), () => true));
});

Deno.test("programs whose variables and buffers are replaced by fresh ones mean the same", () => {
  fc.assert(
    fc.property(arbProgram, fc.nat(), (f, seed) => {
      const fresh = new Map(f.allocs.map((b) => [b, { ...b, name: `${b.name}_new` }]));
      const renamed = f.with({ allocs: [...fresh.values()], body: replaceBuffers(f.body, fresh) });
      const shifted = rewriteExprs(renamed.body, (e) => e.kind === "var" ? sub(add(e, 7), 7) : e);
      assert(!equalStmt(shifted, f.body));
      const inputs = randomInputs(f, seed);
      assertEquals(
        interpret(f.with({ allocs: renamed.allocs, body: shifted }), inputs),
        interpret(f, inputs),
      );
    }),
    { numRuns: 60 },
  );
});
