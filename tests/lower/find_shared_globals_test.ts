/** What is said of global memory that threads exchange holds for each element, by enumeration. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  add,
  buffer,
  constant,
  eq,
  floorDiv,
  floorMod,
  load,
  mul,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { printStmt } from "../../lib/ir/print.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { LowerError } from "../../lib/lower/error.ts";
import { findSharedGlobals } from "../../lib/lower/find_shared_globals.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { chain } from "../schedule/programs.ts";
import { draftOf } from "./drafts.ts";
import { allValues, Memory, run } from "./enumerate.ts";

const g = variable("block_x"), x = variable("thread_x");
const T = buffer("T", [128]), B = buffer("B", [64]);
const tags = new Map([["blockIdx.x", [g, 2]], ["threadIdx.x", [x, 4]]] as const);

/** Whether a workgroup, or a thread, accesses an element that it did not write, but others do. */
interface Met {
  readonly otherGroup: boolean;
  readonly otherThread: boolean;
}

function meet(body: Stmt): Met {
  const writers = new Map<number, Set<string>>(), groups = new Map<number, Set<number>>();
  const events: { readonly at: number; readonly group: number; readonly thread: string }[] = [];
  for (const values of allValues(new Map([[g, 2], [x, 4]]))) {
    const group = values.get(g) as number, thread = `${group},${values.get(x)}`;
    run(body, values, new Memory(), {
      touch: (access, [at = 0]) => {
        if (access.buffer !== T) return;
        events.push({ at, group, thread });
        if (access.kind !== "store") return;
        writers.set(at, (writers.get(at) ?? new Set()).add(thread));
        groups.set(at, (groups.get(at) ?? new Set()).add(group));
      },
    });
  }
  const lacks = <T>(known: ReadonlySet<T> | undefined, own: T) => known !== undefined && !known.has(own);
  return {
    otherGroup: events.some((e) => lacks(groups.get(e.at), e.group)),
    otherThread: events.some((e) => lacks(writers.get(e.at), e.thread)),
  };
}

type Said = "apart" | "shared" | "refused";
function said(body: Stmt): Said {
  try {
    return findSharedGlobals(draftOf(body, tags, [T, B])).sharedGlobals.has(T) ? "shared" : "apart";
  } catch (e) {
    if (e instanceof LowerError) return "refused";
    throw e;
  }
}

const PARTS: readonly Expr[] = [
  g,
  x,
  sub(3, x),
  floorDiv(x, 2),
  floorMod(x, 2),
  sub(1, g),
  floorMod(add(x, 1), 4),
];
const one = constant(1, "f32");
const place = fc.record({
  steps: fc.tuple(
    ...PARTS.map(() => fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, 4, 8))),
  ),
  at: fc.constantFrom(0, 0, 0, 1, 4),
  first: fc.constantFrom(false, false, false, true),
});
type Place = typeof place extends fc.Arbitrary<infer P> ? P : never;
const indexOf = ({ steps, at }: Place): Expr =>
  PARTS.reduce<Expr>(
    (sum, part, k) => (steps[k] ?? 0) === 0 ? sum : add(sum, mul(part, steps[k] ?? 0)),
    constant(at),
  );
const guarded = (p: Place, then: Stmt): Stmt => p.first ? { kind: "if", cond: eq(x, 0), then } : then;
const writing = (p: Place) => guarded(p, store(T, [indexOf(p)], one));
const reading = (p: Place) => guarded(p, store(B, [add(mul(g, 4), x)], load(T, indexOf(p))));

Deno.test("threads that are said to keep to their own elements do, and workgroups always do", () => {
  const counts = { apart: 0, shared: 0, refused: 0 };
  fc.assert(
    fc.property(place, place, fc.boolean(), (w, r, alike) => {
      const body = seq(writing(w), reading(alike ? { ...w, first: r.first } : r));
      const found = said(body), met = meet(body);
      counts[found]++;
      if (found !== "refused") assertEquals(met.otherGroup, false, `${found}: ${printStmt(body)}`);
      if (found === "apart") assertEquals(met.otherThread, false, `${found}: ${printStmt(body)}`);
    }),
    { numRuns: 3000 },
  );
  assert(Object.values(counts).every((n) => n > 100), JSON.stringify(counts));
});

const only = (e: Expr): Stmt => ({ kind: "if", cond: eq(x, 0), then: store(T, [e], one) });
const write = (e: Expr) => store(T, [e], one), read = (e: Expr) => store(B, [add(mul(g, 4), x)], load(T, e));
const row = mul(g, 4);

const CASES: Readonly<Record<string, readonly [Stmt, Stmt, Said]>> = {
  "a thread reads its own element": [write(add(row, x)), read(add(row, x)), "apart"],
  "a thread reads what all workgroups write": [write(x), read(x), "apart"],
  "threads read each other's elements": [write(add(row, x)), read(add(row, sub(3, x))), "shared"],
  "all threads read what the first one writes": [only(g), read(g), "shared"],
  "all workgroups write the same, with gaps": [write(mul(x, 2)), read(sub(6, mul(x, 2))), "shared"],
  "a workgroup reads the row of another one": [
    write(add(row, x)),
    read(add(mul(sub(1, g), 4), x)),
    "refused",
  ],
  "another workgroup writes what lies in the gaps": [write(add(mul(x, 2), g)), read(add(row, x)), "refused"],
};
for (const [name, [w, r, expected]] of Object.entries(CASES)) {
  Deno.test(`${name}: ${expected}`, () => {
    const body = seq(w, r), met = meet(body);
    assertEquals(met.otherGroup ? "refused" : met.otherThread ? "shared" : "apart", expected);
    assertEquals(said(body), expected);
  });
}

Deno.test("rows of a workgroup are not read in the kernel that writes columns", () => {
  const sch = new Schedule(chain(8));
  sch.mergeLoops(sch.addUnitLoop("T"), sch.addUnitLoop("B"));
  const [thread, group] = sch.split("i", [4, 2]);
  sch.reorder(group, thread);
  const [rows, own] = sch.split("i_1", [2, 4]);
  for (const loop of [group, rows]) sch.bind(loop, "blockIdx.x");
  for (const loop of [thread, own]) sch.bind(loop, "threadIdx.x");
  const refused =
    "cannot read T in the kernel chain that writes it: a workgroup would read what others write";
  assertThrows(() => lower(sch.func, targetOf("generic-webgpu")), LowerError, refused);
});
