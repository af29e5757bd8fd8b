import { assert, assertEquals, assertNotMatch } from "@std/assert";
import fc from "fast-check";
import {
  add,
  and,
  binary,
  block,
  buffer,
  call,
  cast,
  ceilDiv,
  constant,
  div,
  eq,
  floorMod,
  forLoop,
  ge,
  iterVar,
  load,
  lt,
  max,
  min,
  mul,
  not,
  or,
  select,
  seq,
  store,
  sub,
  TRUE,
  variable,
} from "../../lib/ir/build.ts";
import type { BinaryOp, Expr } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { printExcerpt, printExpr, printStmt } from "../../lib/ir/print.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { verifyFunc } from "../../lib/ir/verify.ts";
import { golden } from "../golden.ts";
import { arbProgram, arbSymbolicProgram } from "./random_program.ts";

const i = variable("i"), j = variable("j"), k = variable("k");

Deno.test("a program for scheduling shows all that it has", () => {
  const n = variable("n"), vi = variable("vi"), vj = variable("vj"), vk = variable("vk");
  const [i0, i1] = [variable("i_0"), variable("i_1")];
  const A = buffer("A", [n, 32], "f16"), bits = buffer("bits", [ceilDiv(n, 32)], "u32", "texture");
  const flags = buffer("flags", [32], "bool"), C = buffer("C", [n]), one = buffer("one", []);
  const sums = buffer("sums", [n], "f32", "shared"), pad = buffer("pad", [4, 4], "i32", "local");
  const a = cast("f32", load(A, vi, vk));
  const bit = binary("bitand", binary("shr", load(bits, vj), constant(3, "u32")), constant(1, "u32"));
  const body = seq(
    forLoop(
      i0,
      ceilDiv(n, 32),
      forLoop(
        i1,
        32,
        forLoop(
          k,
          32,
          block(
            "sums",
            [iterVar(vi, n), iterVar(vk, 32, "reduce")],
            [add(mul(i0, 32), i1), k],
            store(sums, [vi], add(load(sums, vi), select(lt(a, constant(0, "f32")), constant(-0, "f32"), a))),
            {
              where: lt(add(mul(i0, 32), i1), n),
              init: store(sums, [vi], constant(0, "f32")),
              annotations: { "pragma.unroll": 16, rule: "dlight", explicit: true },
            },
          ),
          "unrolled",
        ),
        "threadIdx.x",
      ),
      "blockIdx.x",
    ),
    forLoop(
      j,
      4,
      forLoop(
        i,
        4,
        block(
          "pad",
          [iterVar(vi, 4), iterVar(vj, 4)],
          [i, j],
          store(pad, [vi, vj], max(sub(vi, vj), cast("i32", bit))),
        ),
        "vectorized",
      ),
      "parallel",
    ),
    block("one", [], [], store(one, [], call("rsqrt", constant(2.5, "f32")))),
    forLoop(
      variable("x"),
      n,
      block(
        "C",
        [iterVar(vi, n)],
        [sub(n, 1)],
        {
          kind: "if",
          cond: and(or(load(flags, floorMod(vi, 32)), eq(vi, 0)), not(ge(vi, 7))),
          then: store(C, [vi], div(load(sums, vi), load(one))),
          else: seq(store(C, [vi], load(sums, vi)), { kind: "if", cond: TRUE, then: seq() }),
        },
      ),
      "serial",
      { pipeline: 2 },
    ),
  );
  const f = new PrimFunc("everything", [A, bits, flags, C], [n], [sums, pad, one], body);
  verifyFunc(f);
  golden("ir/everything.txt", String(f));
});

Deno.test("a lowered program shows names, barriers and vectors", () => {
  const A = buffer("A", [1024]), S = buffer("S", [64], "f32", "shared"), x = variable("x", "f32");
  const at: Expr = { kind: "ramp", dtype: "i32x4", base: mul(i, 4), stride: 1 };
  const vector: Expr = { kind: "load", dtype: "f32x4", buffer: A, indices: [at] };
  const f = new PrimFunc(
    "lowered",
    [A],
    [],
    [S],
    forLoop(
      i,
      64,
      seq(
        { kind: "let", var: x, value: load(A, i), body: store(S, [i], mul(x, x)) },
        { kind: "barrier", memory: "shared" },
        {
          kind: "store",
          buffer: A,
          indices: [at],
          value: binary("mul", vector, {
            kind: "broadcast",
            dtype: "f32x4",
            a: load(S, sub(63, i)),
          }),
        },
        { kind: "barrier", memory: "global" },
        {
          kind: "store",
          buffer: A,
          indices: [{ kind: "ramp", dtype: "i32x2", base: i, stride: 3 }],
          value: { kind: "shuffle", dtype: "f32x2", lanes: [load(S, i), cast("f32", constant(1, "u32"))] },
        },
      ),
      "threadIdx.x",
    ),
  );
  verifyFunc(f, "lowered");
  golden("ir/lowered.txt", String(f));
});

Deno.test("names that are in use at once get numbers, and are free again after their scope", () => {
  const A = buffer("A", [4]), B = buffer("A", [4]), [x, y] = [variable("x"), variable("x")];
  const set = (at: typeof x) => store(A, [at], load(B, at));
  assertEquals(
    printStmt(seq(forLoop(x, 4, forLoop(y, 4, store(A, [y], load(B, x)))), forLoop(y, 4, set(y)))),
    `\
for x in range(4):
    for x_1 in range(4):
        A[x_1] = A_1[x]
for x in range(4):
    A[x] = A_1[x]`,
  );
  const taken = [variable("x"), variable("x_1"), variable("x")] as const;
  assertEquals(printExpr(add(add(taken[0], taken[1]), taken[2])), "x + x_1 + x_2");
});

Deno.test("a loop, an axis, a shape variable and a buffer of one name stay apart", () => {
  const n = variable("n"), loop = variable("n"), axis = variable("n"), A = buffer("n", [n]);
  const b = block("n", [iterVar(axis, n)], [loop], store(A, [axis], constant(1, "f32")));
  assertEquals(
    String(new PrimFunc("n", [A], [n], [], forLoop(loop, n, b))),
    `\
@T.prim_func
def n(var_n: T.handle):
    n_1 = T.int32()
    n = T.match_buffer(var_n, (n_1,), "float32")
    for n_2 in range(n_1):
        with T.block("n"):
            n_3 = T.axis.remap("S", [n_2])
            n[n_3] = T.float32(1)`,
  );
});

Deno.test("axes are remapped only where they run exactly as their loops do", () => {
  const A = buffer("A", [8]), v = variable("v");
  const text = (extent: number, bound: Expr) =>
    printStmt(
      forLoop(i, 8, block("b", [iterVar(v, extent, "reduce")], [bound], store(A, [v], constant(1, "f32")))),
    )
      .split("\n")[2];
  assertEquals(text(8, i), '        v = T.axis.remap("R", [i])');
  assertEquals(text(9, i), "        v = T.axis.reduce(9, i)");
  assertEquals(text(8, sub(7, i)), "        v = T.axis.reduce(8, 7 - i)");
  // A variable of unknown extent.
  assertEquals(text(8, j), "        v = T.axis.reduce(8, j)");
});

Deno.test("an excerpt shows the first lines of a statement, and how many more there are", () => {
  const A = buffer("A", [8]);
  const s = (n: number): Stmt => ({
    kind: "seq",
    body: Array.from({ length: n }, (_, k) => store(A, [constant(k)], constant(k, "f32"))),
  });
  assertEquals(printExcerpt(s(2)), "  | A[0] = T.float32(0)\n  | A[1] = T.float32(1)");
  assertEquals(printExcerpt(s(4), 2), "  | A[0] = T.float32(0)\n  | A[1] = T.float32(1)\n  | … 2 more lines");
  assertEquals(printExcerpt(s(12)).split("\n").length, 12);
});

/** Python's binary operators, from those that bind least. `not` stands between `and` and comparisons. */
const LEVELS: readonly (readonly string[])[] = [
  ["or"],
  ["and"],
  ["==", "!=", "<", "<=", ">", ">="],
  ["|"],
  ["^"],
  ["&"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "//", "%"],
];
const COMPARISON = 2;

/** Reads an expression as Python does, as `(operator, operand, …)`. */
class Reader {
  readonly #tokens: string[];
  constructor(text: string) {
    this.#tokens = text.match(/-?\d+|[A-Za-z_][\w.]*|<<|>>|\/\/|[<>=!]=|[-+*/%<>|^&(),]/g) ?? [];
  }
  #peek(): string {
    return this.#tokens[0] ?? "";
  }
  #next(): string {
    return this.#tokens.shift() ?? "";
  }
  read(): string {
    const e = this.#level(0);
    assertEquals(this.#tokens, []);
    return e;
  }
  #level(n: number): string {
    if (n === COMPARISON && this.#peek() === "not") {
      this.#next();
      return `(not, ${this.#level(n)})`;
    }
    if (n === LEVELS.length) return this.#primary();
    let e = this.#level(n + 1);
    for (let count = 0; LEVELS[n]?.includes(this.#peek()); count++) {
      assert(n !== COMPARISON || count === 0, "a chain of comparisons means something else in Python");
      const op = this.#next();
      e = `(${op}, ${e}, ${this.#level(n + 1)})`;
    }
    return e;
  }
  #primary(): string {
    const t = this.#next();
    if (t === "(") return this.#list().join();
    assert(/^-?\w/.test(t) && t !== "not", `${t} is no operand`);
    if (this.#peek() !== "(") return t;
    this.#next();
    return `(${[t, ...this.#list()].join(", ")})`;
  }
  /** Expressions up to the closing parenthesis. */
  #list(): readonly string[] {
    const all = [this.#level(0)];
    while (this.#peek() === ",") {
      this.#next();
      all.push(this.#level(0));
    }
    assertEquals(this.#next(), ")");
    return all;
  }
}

const TEXT: Readonly<Partial<Record<BinaryOp, string>>> = {
  or: "or",
  and: "and",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  bitor: "|",
  bitxor: "^",
  bitand: "&",
  shl: "<<",
  shr: ">>",
  add: "+",
  sub: "-",
  mul: "*",
  floordiv: "//",
  floormod: "%",
};
/** The expression in the same form, straight from its structure. */
function structure(e: Expr): string {
  switch (e.kind) {
    case "const":
      return e.dtype === "bool" ? (e.value ? "True" : "False") : `${e.value}`;
    case "var":
      return e.name;
    case "binary":
      return `(${TEXT[e.op] ?? `T.${e.op}`}, ${structure(e.a)}, ${structure(e.b)})`;
    case "not":
      return `(not, ${structure(e.a)})`;
    case "select":
      return `(T.if_then_else, ${structure(e.cond)}, ${structure(e.a)}, ${structure(e.b)})`;
    default:
      throw new Error(e.kind);
  }
}

const INTEGER: readonly BinaryOp[] = [
  ...["add", "sub", "mul", "floordiv", "floormod", "min", "max"] as const,
  ...["bitand", "bitor", "bitxor", "shl", "shr"] as const,
];
const COMPARE: readonly BinaryOp[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const node = (op: BinaryOp, a: Expr, b: Expr, dtype: "i32" | "bool"): Expr => ({
  kind: "binary",
  dtype,
  op,
  a,
  b,
});
const arbExpr = fc.letrec<{ n: Expr; c: Expr }>((tie) => ({
  n: fc.oneof(
    { maxDepth: 4, depthIdentifier: "n" },
    fc.constantFrom<Expr>(i, j, k),
    fc.integer({ min: -9, max: 9 }).map((v): Expr => constant(v)),
    fc.tuple(fc.constantFrom(...INTEGER), tie("n"), tie("n")).map(([op, a, b]) => node(op, a, b, "i32")),
    fc.tuple(tie("c"), tie("n"), tie("n")).map(([cond, a, b]): Expr => ({
      kind: "select",
      dtype: "i32",
      cond,
      a,
      b,
    })),
  ),
  c: fc.oneof(
    { maxDepth: 4, depthIdentifier: "c" },
    fc.boolean().map((x): Expr => constant(+x, "bool")),
    fc.tuple(fc.constantFrom(...COMPARE), tie("n"), tie("n")).map(([op, a, b]) => node(op, a, b, "bool")),
    fc.tuple(fc.constantFrom<BinaryOp>("eq", "ne"), tie("c"), tie("c")).map(([op, a, b]) =>
      node(op, a, b, "bool")
    ),
    fc.tuple(fc.constantFrom<BinaryOp>("and", "or"), tie("c"), tie("c")).map(([op, a, b]) =>
      node(op, a, b, "bool")
    ),
    tie("c").map((a): Expr => ({ kind: "not", dtype: "bool", a })),
  ),
}));

Deno.test("an expression's text, read as Python reads it, is the expression", () => {
  fc.assert(
    fc.property(fc.oneof(arbExpr.n, arbExpr.c), (e) => {
      const text = printExpr(e);
      assertEquals(new Reader(text).read(), structure(e), text);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("no parentheses that nobody needs", () => {
  const e = add(add(mul(i, 32), mul(j, 4)), k);
  assertEquals(printExpr(e), "i * 32 + j * 4 + k");
  assertEquals(printExpr(lt(e, 7)), "i * 32 + j * 4 + k < 7");
  assertEquals(printExpr(and(lt(i, 3), lt(j, 3), not(eq(k, 0)))), "i < 3 and j < 3 and not k == 0");
  assertEquals(printExpr(floorMod(add(i, 1), 4)), "(i + 1) % 4");
  assertEquals(printExpr(sub(i, sub(j, k))), "i - (j - k)");
  assertEquals(printExpr(min(add(i, 1), 4)), "T.min(i + 1, 4)");
});

Deno.test("every program's text has its blocks, loops and buffers, and nothing undefined", () => {
  fc.assert(
    fc.property(fc.oneof(arbProgram, arbSymbolicProgram.map((x) => x.func)), (f) => {
      const text = String(f);
      assertNotMatch(text, /undefined|NaN|\[object/);
      for (const b of [...f.params, ...f.allocs]) {
        // A block that reduces several values stores to several buffers.
        assert(text.includes(`    ${b.name}[`) || f.params.includes(b));
      }
      assertEquals(text.split("\n").filter((line) => /^ *for /.test(line)).length, loopsIn(f.body));
    }),
    { numRuns: 60 },
  );
});
function loopsIn(s: Stmt): number {
  if (s.kind === "seq") return s.body.reduce((n, x) => n + loopsIn(x), 0);
  return s.kind === "for" ? 1 + loopsIn(s.body) : 0;
}

Deno.test("functions that TVMScript spells otherwise have its names", () => {
  const x = variable("x", "f32");
  const texts = (["round", "isNaN", "bitcastI32", "bitcastU32", "atan", "exp2"] as const).map((op) =>
    printExpr(call(op, x))
  );
  assertEquals(texts, [
    "T.nearbyint(x)",
    "T.isnan(x)",
    'T.reinterpret("int32", x)',
    'T.reinterpret("uint32", x)',
    "T.atan(x)",
    "T.exp2(x)",
  ]);
});
