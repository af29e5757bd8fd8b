/** No two threads meet at an element without a barrier between them, by enumeration. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  add,
  buffer,
  constant,
  floorDiv,
  floorMod,
  forLoop,
  load,
  lt,
  mul,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import type { Buffer, Expr, Load } from "../../lib/ir/expr.ts";
import { printStmt } from "../../lib/ir/print.ts";
import type { Stmt, Store } from "../../lib/ir/stmt.ts";
import { LowerError } from "../../lib/lower/error.ts";
import { insertBarriers } from "../../lib/lower/insert_barriers.ts";
import { draftOf } from "./drafts.ts";
import { allValues, Memory, run } from "./enumerate.ts";

const g = variable("block_x"), x = variable("thread_x"), y = variable("thread_y");
const tags = new Map(
  [["blockIdx.x", [g, 2]], ["threadIdx.x", [x, 3]], ["threadIdx.y", [y, 2]]] as const,
);
const P = buffer("P", [256], "f32", "shared"),
  Q = buffer("Q", [256], "f32", "shared"),
  out = buffer("out", [64]);
const one = constant(1, "f32");

/** Parts of an index, of the thread, the workgroup and the iteration `t` of the loop around a statement. */
const parts = (t: Expr): readonly Expr[] => [
  add(mul(y, 3), x),
  x,
  sub(2, x),
  y,
  g,
  mul(floorMod(t, 2), 6),
  mul(floorMod(add(t, 1), 2), 6),
  mul(floorMod(floorDiv(t, 2), 2), 6),
  mul(t, 6),
  floorMod(add(x, t), 3),
];
const COUNT = parts(constant(0)).length;
/** Conditions: one that is the same for a workgroup, one for an iteration, and one of the thread. */
const conditions = (t: Expr): readonly Expr[] => [lt(g, 1), lt(t, 2), lt(x, 1)];

interface Place {
  readonly parts: readonly number[];
  readonly at: number;
  readonly step: number;
}
type Body =
  | { readonly kind: "loop"; readonly extent: number; readonly body: readonly Body[] }
  | { readonly kind: "if"; readonly cond: number; readonly then: readonly Body[] }
  | {
    readonly kind: "write" | "read" | "copy";
    readonly second: boolean;
    readonly from: Place;
    readonly to: Place;
  };

const place: fc.Arbitrary<Place> = fc.record({
  parts: fc.oneof(
    fc.constantFrom([0], [0, 5], [0, 6], [0, 7], [1], [2], [0, 8]),
    fc.uniqueArray(fc.nat(COUNT - 1), { maxLength: 2 }),
  ),
  at: fc.constantFrom(0, 0, 6, 1),
  step: fc.constantFrom(1, 1, 2),
});
const { bodies } = fc.letrec<{ bodies: readonly Body[]; body: Body }>((tie) => ({
  bodies: fc.array(tie("body"), { minLength: 1, maxLength: 4 }),
  body: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom("write", "read", "copy"),
        second: fc.boolean(),
        from: place,
        to: place,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("loop"),
        extent: fc.integer({ min: 2, max: 5 }),
        body: tie("bodies"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("if"), cond: fc.nat(2), then: tie("bodies") }) },
  ) as fc.Arbitrary<Body>,
}));

function statements(list: readonly Body[], t: Expr): Stmt {
  const index = (p: Place) =>
    add(p.parts.reduce<Expr>((sum, k) => add(sum, mul(parts(t)[k] as Expr, p.step)), constant(0)), p.at);
  return seq(...list.map((s): Stmt => {
    if (s.kind === "loop") {
      const v = variable("t");
      return forLoop(v, s.extent, statements(s.body, v));
    }
    if (s.kind === "if") {
      return { kind: "if", cond: conditions(t)[s.cond] as Expr, then: statements(s.then, t) };
    }
    const [own, other]: readonly Buffer[] = s.second ? [Q, P] : [P, Q];
    if (s.kind === "read") return store(out, [add(mul(y, 3), x)], load(own as Buffer, index(s.from)));
    const value = s.kind === "copy" ? load(other as Buffer, index(s.from)) : one;
    return store(own as Buffer, [index(s.to)], value);
  }));
}

interface Event {
  readonly thread: string;
  readonly write: boolean;
  /** The access and the iterations around it: threads that run one statement at once are not told apart. */
  readonly access: Load | Store;
  readonly turn: string;
}

/** The first element at which two threads meet between two barriers, of which one writes. */
function meeting(body: Stmt): string | undefined {
  for (const group of allValues(new Map([[g, 2]]))) {
    const events = new Map<string, Event[]>(), passed = new Set<number>();
    for (const own of allValues(new Map([[x, 3], [y, 2]]))) {
      let barriers = 0;
      const thread = `${own.get(x)},${own.get(y)}`;
      run(body, new Map([...group, ...own]), new Memory(), {
        barrier: () => barriers++,
        touch: (access, at, values, loops) => {
          if (access.buffer.scope !== "shared") return;
          const key = `${access.buffer.name}[${at}] after ${barriers} barriers`;
          const turn = `${loops.map((l) => values.get(l.var))}`;
          const event = { thread, write: access.kind === "store", access, turn };
          events.set(key, [...events.get(key) ?? [], event]);
        },
      });
      passed.add(barriers);
    }
    assertEquals(passed.size, 1, "threads of a workgroup pass different numbers of barriers");
    for (const [key, list] of events) {
      const meets = list.some((a) =>
        a.write && list.some((b) => a.thread !== b.thread && (a.access !== b.access || a.turn !== b.turn))
      );
      if (meets) return key;
    }
  }
  return undefined;
}

function barriersIn(s: Stmt): number {
  let found = 0;
  run(s, new Map([[g, 0], [x, 0], [y, 0]]), new Memory(), { barrier: () => found++ });
  return found;
}

Deno.test("no two threads meet at an element without a barrier between them, by any index", () => {
  let waited = 0, free = 0, refused = 0;
  fc.assert(
    fc.property(bodies, (list) => {
      const body = statements(list, constant(0));
      // What no thread reads may be written in any order.
      fc.pre(`${printStmt(body)}`.split("\n").some((line) => /= [PQ]\[/.test(line)));
      let after: Stmt;
      try {
        after = insertBarriers(draftOf(body, tags, [out])).body;
      } catch (e) {
        if (!(e instanceof LowerError)) throw e;
        refused++;
        return;
      }
      assertEquals(meeting(after), undefined, printStmt(after));
      if (barriersIn(after) > 0) waited++;
      else free++;
    }),
    { numRuns: 1500 },
  );
  assert(waited > 300 && free > 100 && refused > 0, `${waited} waited, ${free} free, ${refused} refused`);
});

Deno.test("halves that alternate need one barrier an iteration, others need two", () => {
  const perIteration = (half: (t: Expr) => Expr) => {
    const t = variable("t"), own = add(mul(y, 3), x), mirrored = sub(5, own);
    const body = seq(
      store(P, [add(own, mul(floorMod(half(t), 2), 6))], one),
      store(out, [own], load(P, add(mirrored, mul(floorMod(half(t), 2), 6)))),
    );
    const after = insertBarriers(draftOf(forLoop(t, 8, body), tags, [out])).body;
    assertEquals(meeting(after), undefined);
    return barriersIn(after) / 8;
  };
  assertEquals(
    [perIteration((t) => t), perIteration((t) => floorDiv(t, 2)), perIteration(() => constant(0))],
    [1, 2, 2],
  );
});
