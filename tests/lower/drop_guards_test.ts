/** Without the guards that are dropped, every thread stores the same results, by enumeration. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  add,
  and,
  buffer,
  call,
  constant,
  eq,
  forLoop,
  ge,
  load,
  lt,
  min,
  mul,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import type { Buffer, Expr } from "../../lib/ir/expr.ts";
import { printStmt } from "../../lib/ir/print.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { walkStmt } from "../../lib/ir/visit.ts";
import { dropGuards } from "../../lib/lower/drop_guards.ts";
import { draftOf } from "./drafts.ts";
import { allValues, Memory, run } from "./enumerate.ts";

const x = variable("thread_x"), k = variable("k");
const A = buffer("A", [8], "i32"), B = buffer("B", [16], "i32"), S = buffer("S", [4], "i32", "shared");
const registers = ["r", "s", "t"].map((name) => buffer(name, [2], "i32", "local"));
const [r, s, t] = registers as [Buffer, Buffer, Buffer];
const first = (b: Buffer) => load(b, constant(0));

/** Conditions: three of the thread alone, one that a loop changes, and one that reads a register. */
const CONDITIONS: readonly Expr[] = [lt(x, 3), lt(mul(x, 2), 5), ge(x, 1), lt(k, 1), ge(first(r), 2)];
const condition = fc.oneof(
  { weight: 12, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat(2) },
  { weight: 1, arbitrary: fc.nat(CONDITIONS.length - 1) },
);

type Body =
  | { readonly kind: "loop"; readonly body: readonly Body[]; readonly read: boolean }
  | {
    readonly kind: "if";
    readonly conds: readonly number[];
    readonly then: readonly Body[];
    readonly else?: readonly Body[];
  }
  | {
    readonly kind: "store";
    readonly to: number;
    readonly from: number;
    readonly at: number;
    readonly add: boolean;
  };

const { program } = fc.letrec<{ program: readonly Body[]; bodies: readonly Body[]; body: Body }>((tie) => ({
  program: fc.array(tie("body"), { minLength: 2, maxLength: 6, size: "max" }),
  bodies: fc.array(tie("body"), { minLength: 1, maxLength: 3 }),
  body: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("store"),
        to: fc.oneof({ weight: 3, arbitrary: fc.nat(2) }, fc.nat(4)),
        from: fc.nat(4),
        at: fc.nat(1),
        add: fc.boolean(),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("if"),
        conds: fc.uniqueArray(
          condition,
          { minLength: 1, maxLength: 2 },
        ),
        then: tie("bodies"),
        else: fc.option(tie("bodies"), { nil: undefined, freq: 12 }),
      }),
    },
    fc.record({ kind: fc.constant("loop"), body: tie("bodies"), read: fc.nat(4).map((n) => n === 0) }),
  ) as fc.Arbitrary<Body>,
}));

/** Results, and memory that threads share, at an element of the thread's own. */
const OUTSIDE: readonly (readonly [Buffer, (at: number) => Expr])[] = [
  [B, (at) => add(mul(x, 2), at)],
  [S, () => x],
];

function statements(list: readonly Body[]): Stmt {
  return seq(...list.map((b): Stmt => {
    if (b.kind === "loop") return forLoop(k, b.read ? min(first(s), 2) : 2, statements(b.body));
    if (b.kind === "if") {
      const cond = and(...b.conds.map((c) => CONDITIONS[c] as Expr));
      return { kind: "if", cond, then: statements(b.then), ...(b.else ? { else: statements(b.else) } : {}) };
    }
    const from = registers[b.from], to = registers[b.to];
    const read = from ? load(from, constant(b.at)) : load(A, add(x, b.at));
    if (to) {
      const own = constant(b.at), value = b.add ? add(load(to, own), read) : read;
      return store(to, [own], value);
    }
    const [out, index] = OUTSIDE[b.to - registers.length] as typeof OUTSIDE[0];
    return store(out, [index(b.at)], read);
  }));
}

/** What each thread stores outside of its registers. Unwritten elements have values of their own. */
function results(body: Stmt): readonly string[] {
  return allValues(new Map([[x, 4]])).flatMap((values) => {
    const memory = new Memory((b, [at = 0]) => (b.name.charCodeAt(0) + 3 * at) % 5);
    run(body, new Map(values).set(k, 0), memory);
    return [...memory.written(B), ...memory.written(S), "next thread"];
  });
}

function guardsIn(body: Stmt): number {
  let guards = 0;
  walkStmt(body, (s) => {
    if (s.kind === "if") guards += `${printStmt(s)}`.split("\n")[0]?.split(" and ").length ?? 0;
  });
  return guards;
}

const threads = new Map([["threadIdx.x", [x, 4]]] as const);
const dropped = (body: Stmt) => dropGuards(draftOf(body, threads, [A, B])).body;

Deno.test("each thread stores the same without the guards that are dropped", () => {
  let fewer = 0;
  fc.assert(
    fc.property(program, (list) => {
      const before = statements(list), after = dropped(before);
      if (guardsIn(after) < guardsIn(before)) fewer++;
      assertEquals(results(after), results(before), printStmt(before));
    }),
    { numRuns: 2000 },
  );
  assert(fewer > 100, `guards were dropped in ${fewer} of 2000`);
});

const guarded = (cond: Expr, then: Stmt): Stmt => ({ kind: "if", cond, then });
const [inside, other] = CONDITIONS as [Expr, Expr];
const at = constant(0), put = (to: Buffer, value: Expr) => store(to, [at], value);
const out = (value: Expr) => store(B, [x], value);

Deno.test("a guard goes from all of a chain of registers whose result alone it guards", () => {
  const chain = seq(
    guarded(inside, put(r, load(A, x))),
    guarded(inside, put(s, add(first(s), first(r)))),
    guarded(and(inside, other), put(t, first(s))),
    guarded(and(other, inside), out(first(t))),
  );
  assertEquals(guardsIn(dropped(chain)), 2);
});

Deno.test("a guard goes where its register is not read at all", () => {
  assertEquals(guardsIn(dropped(guarded(inside, put(r, load(A, x))))), 0);
});

const KEPT: Readonly<Record<string, Stmt>> = {
  "where the result has another guard": seq(
    guarded(inside, put(r, load(A, x))),
    guarded(other, out(first(r))),
  ),
  "where one of two results has none": seq(
    guarded(inside, put(r, load(A, x))),
    guarded(inside, out(first(r))),
    store(S, [x], first(r)),
  ),
  "where a loop's extent reads the register": seq(
    guarded(inside, put(r, load(A, x))),
    forLoop(k, first(r), guarded(inside, out(first(r)))),
  ),
  "where other threads read the register": seq(
    guarded(inside, put(r, load(A, x))),
    put(s, call("subgroupShuffleXor", first(r), constant(1, "u32"))),
    guarded(inside, out(first(s))),
  ),
  "where the condition changes from iteration to iteration": forLoop(
    k,
    2,
    seq(guarded(eq(k, 0), put(r, load(A, x))), guarded(eq(k, 0), out(first(r)))),
  ),
};
for (const [name, body] of Object.entries(KEPT)) {
  Deno.test(`a guard stays ${name}`, () => assertEquals(guardsIn(dropped(body)), guardsIn(body)));
}
