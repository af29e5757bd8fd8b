import fc from "fast-check";
import * as te from "../../lib/face/te.ts";
import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  add,
  block,
  buffer,
  div,
  floorMod,
  forLoop,
  iterVar,
  load,
  max,
  min,
  mul,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import { foldBinary } from "../../lib/ir/fold.ts";
import { RANGE } from "../../lib/ir/dtype.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import { inputsOf, outputsOf } from "../../lib/ir/parameters.ts";
import { type CombineOp, identityOf, reducerOf } from "../../lib/ir/reducer.ts";

const A = buffer("A", [8, 8]), C = buffer("C", [8, 8]);
const i = variable("i"), j = variable("j"), k = variable("k");
const self = load(C, i, j), value = mul(load(A, i, k), load(A, j, k));

Deno.test("a store that combines an element with a value is a reduction, the element on either side", () => {
  for (const [op, f] of [["add", add], ["mul", mul], ["max", max], ["min", min]] as const) {
    for (const combined of [f(self, value), f(value, self)]) {
      const r = reducerOf(store(C, [i, j], combined));
      assertEquals(r, { op, value, identity: identityOf(op, "f32") });
    }
  }
});

Deno.test("the element is the same if its indices are, whoever wrote them", () => {
  const r = reducerOf(store(C, [add(i, 1), floorMod(j, 4)], add(load(C, add(i, 1), floorMod(j, 4)), value)));
  assertStrictEquals(r?.value, value);
});

Deno.test("what is no reduction is none", () => {
  const none = (e: Expr) => assertEquals(reducerOf(store(C, [i, j], e)), undefined);
  none(value);
  none(self);
  none(add(value, value));
  none(sub(self, value));
  none(div(self, value));
  none(add(load(C, j, i), value));
  none(add(load(C, i, add(j, 1)), value));
  none(add(load(buffer("C", [8, 8]), i, j), value));
  none(add(add(self, value), value));
  // What the buffer holds by then depends on the order of the turns.
  none(add(self, self));
  none(add(self, load(C, i, sub(j, 1))));
});

Deno.test("an identity changes no value of its type", () => {
  for (const dtype of ["f32", "f16", "i32", "u32"] as const) {
    const [lo, hi] = RANGE[dtype];
    const values = [lo, hi, 0, 1, 7];
    for (const op of ["add", "mul", "max", "min"] as const) {
      const id = identityOf(op, dtype);
      assertEquals(id.dtype, dtype);
      for (const x of values) assertEquals(foldBinary(op, dtype, id.value, x), x, `${op} ${dtype} ${x}`);
    }
  }
  for (const op of ["and", "or"] as const) {
    for (const x of [0, 1]) assertEquals(foldBinary(op, "bool", identityOf(op, "bool").value, x), x);
  }
  const arb = fc.tuple(
    fc.constantFrom<CombineOp>("add", "mul", "max", "min"),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(fc.property(arb, ([op, x]) => {
    assertEquals(foldBinary(op, "f32", identityOf(op, "f32").value, x), x + 0);
  }));
});

Deno.test("reductions of operators are found", () => {
  const ops = (f: PrimFunc) => {
    const found: string[] = [];
    const visit = (s: PrimFunc["body"]): void => {
      if (s.kind === "seq") s.body.forEach(visit);
      else if (s.kind === "for") visit(s.body);
      else if (s.kind === "block" && s.body.kind === "store") found.push(reducerOf(s.body)?.op ?? "none");
    };
    visit(f.body);
    return found;
  };
  assertEquals(ops(te.softmax({ rows: 4, columns: 4 })), ["max", "add", "none"]);
  assertEquals(ops(te.matmul({ m: 4, n: 4, k: 4 })), ["add"]);
  assertEquals(ops(te.transpose({ rows: 4, columns: 4 })), ["none"]);
});

Deno.test("parameters that are written are outputs, the others are inputs", () => {
  const names = (f: PrimFunc) => [inputsOf(f), outputsOf(f)].map((list) => list.map((b) => b.name));
  assertEquals(names(te.matmul({ m: 4, n: 4, k: 4 })), [["A", "B"], ["C"]]);
  assertEquals(names(te.softmax({ rows: 4, columns: 4 })), [["A"], ["B"]]);
  const v = variable("v"), [X, Y, Z] = [buffer("X", [8]), buffer("Y", [8]), buffer("Z", [8])] as const;
  const write = (name: string, to: typeof X, from: Expr) => {
    const loop = variable(`i_${name}`);
    return forLoop(loop, 8, block(name, [iterVar(v, 8)], [loop], store(to, [v], from)));
  };
  // Y is written and read: an output. Outputs come in the order of parameters, not of writing.
  const both = seq(write("Z", Z, load(X, v)), write("Y", Y, add(load(Y, v), load(Z, v))));
  assertEquals(names(new PrimFunc("f", [Y, X, Z], [], [], both)), [["X"], ["Y", "Z"]]);
  assertEquals(names(new PrimFunc("f", [Y, X], [], [Z], both)), [["X"], ["Y"]]);
});
