/** What is said of a kernel's accesses holds for each element that a run touches, by enumeration. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  add,
  and,
  buffer,
  constant,
  eq,
  forLoop,
  load,
  lt,
  mul,
  seq,
  store,
  variable,
} from "../../lib/ir/build.ts";
import type { Buffer, Expr, Var } from "../../lib/ir/expr.ts";
import type { For, Stmt } from "../../lib/ir/stmt.ts";
import { walkStmt } from "../../lib/ir/visit.ts";
import { type Access, accessesOf, commonLoops } from "../../lib/lower/buffer_accesses.ts";
import { addPlace, Touched } from "../../lib/lower/shared_accesses.ts";
import { allValues, Memory, run, valueOf } from "./enumerate.ts";

const x = variable("thread_x"), y = variable("thread_y");
const threads = new Map([[x, 3], [y, 2]]);

/** Conditions that a statement may stand under. */
const CONDITIONS: readonly Expr[] = [
  eq(x, 0),
  and(eq(y, 0), lt(x, 2)),
  and(lt(y, 1), eq(x, 0)),
  eq(x, 1),
  lt(add(x, y), 2),
];

type Body =
  | { readonly kind: "loop"; readonly extent: number; readonly body: readonly Body[] }
  | {
    readonly kind: "if";
    readonly cond: number;
    readonly then: readonly Body[];
    readonly else: readonly Body[];
  }
  | { readonly kind: "store"; readonly update: boolean; readonly step: number };

const { bodies } = fc.letrec<{ bodies: readonly Body[]; body: Body }>((tie) => ({
  bodies: fc.array(tie("body"), { maxLength: 3 }),
  body: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant("store"), update: fc.boolean(), step: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ kind: fc.constant("loop"), extent: fc.integer({ min: 1, max: 3 }), body: tie("bodies") }),
    fc.record({
      kind: fc.constant("if"),
      cond: fc.nat(CONDITIONS.length - 1),
      then: tie("bodies"),
      else: tie("bodies"),
    }),
  ) as fc.Arbitrary<Body>,
}));

/** The statements; each access has a buffer of its own, which tells it from the others. */
function statements(bodies: readonly Body[]): Stmt {
  let made = 0;
  const fresh = (): Buffer => buffer(`b${made++}`, [64]);
  const make = (list: readonly Body[], around: readonly Var[]): Stmt =>
    seq(...list.map((s): Stmt => {
      if (s.kind === "loop") {
        const v = variable(`k${made++}`);
        return forLoop(v, s.extent, make(s.body, [...around, v]));
      }
      if (s.kind === "if") {
        const branch = { then: make(s.then, around), else: make(s.else, around) };
        return { kind: "if", cond: CONDITIONS[s.cond] as Expr, ...branch };
      }
      const at = around.reduce<Expr>((sum, v) => add(sum, v), add(x, mul(y, s.step)));
      const to = fresh(), from = load(s.update ? to : fresh(), at);
      return store(to, [at], add(from, constant(1, "f32")));
    }));
  return make(bodies, []);
}

Deno.test("each element that is touched is one of an access, with its loops, and under what pins it", () => {
  let touched = 0, pinned = 0;
  fc.assert(
    fc.property(bodies, (list) => {
      const body = statements(list), known = accessesOf(body);
      let written = 0;
      walkStmt(body, (s) => s.kind === "store" && written++, (e) => e.kind === "load" && written++);
      assertEquals([...known.values()].flat().length, written);
      for (const values of allValues(threads)) {
        run(body, values, new Memory(), {
          touch: (at, elements, now, loops) => {
            const own = known.get(at.buffer)?.filter((a) => a.write === (at.kind === "store")) ?? [];
            const [access] = own;
            assert(access && own.length === 1);
            assertEquals(access.loops.map((l) => l.var), loops.map((l) => l.var));
            assertEquals(access.indices.map((e) => valueOf(e, now)), elements);
            for (const v of access.pinned) {
              assertEquals(now.get(v), 0, `${at.buffer.name} at another ${v.name}`);
            }
            assertEquals(access.update, access.write && known.get(at.buffer)?.length === 2);
            touched++;
            pinned += access.pinned.size;
          },
        });
      }
    }),
    { numRuns: 300 },
  );
  assert(touched > 1000 && pinned > 100, `${touched} touched, ${pinned} pinned`);
});

Deno.test("the common loops of accesses are those that are around each of them", () => {
  fc.assert(fc.property(bodies, fc.array(fc.nat(30), { minLength: 1, maxLength: 3 }), (list, chosen) => {
    const all = [...accessesOf(statements(list)).values()].flat();
    const some = chosen.map((k) => all[k % all.length]).filter((a): a is Access => a !== undefined);
    fc.pre(some.length > 0);
    const [first] = some;
    const around = (first?.loops ?? []).filter((l: For) => some.every((a) => a.loops.includes(l)));
    assertEquals(commonLoops(some).map((l) => l.var), around.map((l) => l.var));
  }));
});

Deno.test("a condition pins the variables that it sets to 0, and those of no other branch", () => {
  const A = buffer("A", [4]), B = buffer("B", [4]), one = constant(1, "f32");
  const s: Stmt = {
    kind: "if",
    cond: and(eq(x, 0), lt(y, 1)),
    then: { kind: "if", cond: eq(y, 0), then: store(A, [x], one) },
    else: store(B, [x], one),
  };
  const pinned = (b: Buffer) => accessesOf(s).get(b)?.map((a) => [...a.pinned].map((v) => v.name));
  assertEquals([pinned(A), pinned(B)], [[["thread_x", "thread_y"]], [[]]]);
});

Deno.test("touched places are a set by buffer and key: adding says whether any is new", () => {
  const all = [buffer("P", [8]), buffer("Q", [8])];
  const arb = fc.array(fc.record({ write: fc.boolean(), buffer: fc.nat(1), at: fc.nat(3) }), {
    maxLength: 6,
  });
  const touchedBy = (list: readonly { write: boolean; buffer: number; at: number }[]) => {
    const t = new Touched();
    for (const p of list) {
      addPlace(p.write ? t.writes : t.reads, all[p.buffer] as Buffer, `${p.at}`, constant(p.at));
    }
    return t;
  };
  const placesOf = (t: Touched) =>
    new Set(
      [t.reads, t.writes].flatMap((places, kind) =>
        [...places].flatMap(([b, indices]) => [...indices.keys()].map((key) => `${kind} ${b.name} ${key}`))
      ),
    );
  fc.assert(fc.property(arb, arb, (p, q) => {
    const a = touchedBy(p), b = touchedBy(q), before = placesOf(a), more = placesOf(b);
    const copy = a.copy();
    assertEquals(copy.add(b), !more.isSubsetOf(before));
    assertEquals(placesOf(copy), before.union(more));
    assertEquals([placesOf(a), placesOf(b)], [before, more]);
    assertEquals(a.isEmpty, before.size === 0);
    copy.clear();
    assertEquals(copy.isEmpty, true);
  }));
});
