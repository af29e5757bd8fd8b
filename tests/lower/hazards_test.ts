/**
 * Schedules whose threads, workgroups or lanes stand in each other's way: what can wait waits, what can't is
 * refused, and none of it gives wrong results.
 */
import fc from "fast-check";
import * as te from "../../lib/face/te.ts";
import { assert, assertEquals, assertMatch, assertNotMatch, assertThrows } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import {
  add,
  buffer,
  constant,
  eq,
  floorMod,
  forLoop,
  ge,
  load,
  lt,
  mul,
  select,
  seq,
  store,
  sub,
  variable,
} from "../../lib/ir/build.ts";
import type { Expr, Load } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import { Analyzer } from "../../lib/arith/analyzer.ts";
import type { Stmt, Store, ThreadTag } from "../../lib/ir/stmt.ts";
import { mapStmt, walkStmt } from "../../lib/ir/visit.ts";
import { substitute, substituteStmt } from "../../lib/ir/substitute.ts";
import type { KernelDraft } from "../../lib/lower/kernel_draft.ts";
import { LowerError } from "../../lib/lower/error.ts";
import { insertBarriers } from "../../lib/lower/insert_barriers.ts";
import { lower } from "../../lib/lower/pipeline.ts";
import type { Shapes } from "../../lib/runtime/arguments.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import { compute } from "../../lib/te/compute.ts";
import { placeholder, type Tensor } from "../../lib/te/tensor.ts";
import { primFunc } from "../../lib/te/prim_func.ts";
import { reduceAxis, sum } from "../../lib/te/reduce.ts";
import { devices } from "../devices.ts";
import { subjectOf, wrongOn } from "./checked_run.ts";

const generic = targetOf("generic-webgpu");

function rightEverywhere(name: string, func: PrimFunc, scheduled: PrimFunc, shapes: Shapes = {}): void {
  for (const device of devices) {
    Deno.test(`${name}, on ${device.target.name}`, async () =>
      assertEquals(await wrongOn(device, subjectOf(func, shapes, 3), scheduled), undefined));
  }
}

function refused(scheduled: PrimFunc, message: string): void {
  for (const target of [generic, targetOf("cpu")]) {
    assertThrows(() => lower(scheduled, target), LowerError, message);
  }
}

const one = constant(1, "f32");

/** `T = 2·A`, `B[i] = T[i] + T[i-1]`. */
function stencil(extent: number): PrimFunc {
  const A = placeholder("A", [extent]);
  const T = compute("T", [extent], (i) => mul(A.at(i), constant(2, "f32")));
  const B = compute(
    "B",
    [extent],
    (i) => add(T.at(i), select(ge(i, 1), T.at(sub(i, 1)), constant(0, "f32"))),
  );
  return primFunc("stencil", [A, B]);
}

/** Row sums `T` and what follows from them, `last(T)`. */
function rows(last: (T: Tensor) => Tensor, extents: readonly [number, number] = [6, 5]): PrimFunc {
  const A = placeholder("A", extents);
  const k = reduceAxis(extents[1]);
  const T = compute("T", [extents[0]], (i) => sum(A.at(i, k.var), [k]));
  return primFunc("rows", [A, last(T)]);
}

const follow = (T: Tensor) => compute("B", [6], (i) => add(T.at(i), one));
const reverse = (T: Tensor) => compute("B", [6], (i) => T.at(sub(5, i)));

{
  const func = stencil(8);
  const sch = new Schedule(func);
  const [outer, inner] = sch.split("i_1", [null, 4]);
  sch.bind(outer, "blockIdx.x");
  const [t] = sch.computeAt("T", outer) as [string];
  sch.setScope("T", "shared");
  sch.bind(t, "threadIdx.x");
  sch.bind(inner, "threadIdx.x");
  rightEverywhere("a tile in workgroup memory with a neighbour before it", func, sch.func);
}
{
  const n = variable("n");
  const A = placeholder("A", [n, n, n]);
  const k = reduceAxis(n);
  const func = primFunc("columns", [A, compute("B", [n, n], (i, j) => sum(A.at(k.var, i, j), [k]))]);
  const sch = new Schedule(func);
  const [i, j] = sch.loops("B") as [string, string];
  const [j0, j1] = sch.split(j, [null, 3]);
  const init = sch.decomposeReduction("B", j1);
  sch.fuse(i, j0);
  sch.bind(sch.loops(init).at(-1) as string, "threadIdx.y");
  for (const size of [2, 7]) {
    rightEverywhere(`threads begin what the first of them goes on with, n = ${size}`, func, sch.func, {
      n: size,
    });
  }
}
{
  const func = stencil(1);
  const sch = new Schedule(func);
  sch.setScope("T", "shared");
  sch.computeAt("T", "i_1");
  sch.bind("i_1", "blockIdx.x");
  rightEverywhere("a tile that is larger than its tensor", func, sch.func);
}
{
  const func = stencil(8);
  const sch = new Schedule(func);
  const [outer, inner] = sch.split("i_1", [null, 4]);
  sch.bind(outer, "blockIdx.x");
  sch.setScope("T", "local");
  sch.computeAt("T", inner);
  sch.vectorize(inner);
  rightEverywhere("a vectorized loop whose turns use one register after the other", func, sch.func);
}
{
  const func = rows(follow);
  const sch = new Schedule(func);
  sch.decomposeReduction("T", sch.loops("T")[1] as string);
  sch.mergeLoops("i", "i_1");
  sch.bind("i", "blockIdx.x");
  rightEverywhere("a sum in global memory that its own workgroup goes on with", func, sch.func);
  Deno.test("what a workgroup alone uses needs no barrier", () => {
    assertNotMatch(compile(sch.func, generic).launches[0]?.source ?? "", /Barrier/);
  });
}
{
  const func = rows(reverse);
  const sch = new Schedule(func);
  const unit = sch.addUnitLoop("T"), other = sch.addUnitLoop("B");
  const all = sch.mergeLoops(unit, other);
  sch.bind(all, "blockIdx.x");
  sch.bind("i", "threadIdx.x");
  sch.bind("i_1", "threadIdx.x");
  rightEverywhere("threads that hand their sums to each other in global memory", func, sch.func);
  Deno.test("threads that hand values on in global memory wait for each other there", () => {
    assertMatch(compile(sch.func, generic).launches[0]?.source ?? "", /^ {2}storageBarrier\(\);$/m);
  });
}
{
  const func = te.matmul({ m: 2, n: 4, k: 3 });
  const sch = new Schedule(func);
  const init = sch.decomposeReduction("C", "j");
  sch.bind(sch.loops(init).at(-1) as string, "threadIdx.x");
  rightEverywhere("sums that all threads set to zero and the first of them adds to", func, sch.func);
}

{
  const func = rows((T) => compute("B", [1], (i) => add(T.at(i), one)), [1, 1]);
  const sch = new Schedule(func);
  const all = sch.fuse(...sch.loops("T"));
  sch.reverseComputeAt("B", all);
  sch.bind(all, "threadIdx.x");
  rightEverywhere("a sum over one thread, and what follows in the same loop", func, sch.func);
}

Deno.test("workgroups can't wait for each other", () => {
  const sch = new Schedule(rows(reverse));
  const unit = sch.addUnitLoop("T"), other = sch.addUnitLoop("B");
  sch.mergeLoops(unit, other);
  sch.bind("i", "blockIdx.x");
  sch.bind("i_1", "blockIdx.x");
  refused(
    sch.func,
    "cannot read T in the kernel rows that writes it: a workgroup would read what others write",
  );
});

Deno.test("workgroup memory holds what its own workgroup wrote", () => {
  const sch = new Schedule(stencil(8));
  const unit = sch.addUnitLoop("T"), other = sch.addUnitLoop("B");
  sch.mergeLoops(unit, other);
  sch.setScope("T", "shared");
  sch.bind("i", "blockIdx.x");
  refused(sch.func, "cannot read T in the kernel stencil that writes it");
});

Deno.test("threads do not add to the same elements", () => {
  const sch = new Schedule(
    rows((T) =>
      compute("B", [6], (i) => add(T.at(i), select(ge(i, 1), T.at(sub(i, 1)), constant(0, "f32"))))
    ),
  );
  sch.computeAt("T", "i_1");
  sch.bind("i_1", "threadIdx.x");
  refused(
    sch.func,
    "cannot update T in rows under threadIdx.x: threads would add to the same elements at once",
  );
});

/** The program with its loops bound to threads, whatever schedule steps say to it. */
function withTags(func: PrimFunc, tags: Readonly<Record<string, ThreadTag>>): PrimFunc {
  const stmt = (s: Stmt): Stmt => {
    const x = mapStmt(s, stmt);
    const loop = x.kind === "for" ? tags[x.var.name] : undefined;
    return x.kind === "for" && loop ? { ...x, loop } : x;
  };
  return func.with({ body: stmt(func.body) });
}

Deno.test("a loop inside another of its tag has no more turns than it, and nothing of it", () => {
  const inside = (outer: number, inner: number, both: boolean) => {
    const A = placeholder("A", [8]);
    const B = compute("B", [outer, inner], (i, j) => add(A.at(both ? add(i, j) : j), one));
    return withTags(primFunc("nested", [A, B]), { i: "threadIdx.x", j: "threadIdx.x" });
  };
  refused(
    inside(4, 4, true),
    "cannot bind j to threadIdx.x inside i, which has this tag too: what it does differs by i",
  );
  refused(inside(3, 4, true), "it has more iterations than there are threads; give both one extent");
});

Deno.test("memory for one thread or workgroup is not for two kernels", () => {
  const sch = new Schedule(rows(follow));
  sch.bind("i", "blockIdx.x");
  sch.bind("i_1", "blockIdx.x");
  for (const scope of ["local", "shared"] as const) {
    sch.setScope("T", scope);
    refused(sch.func, `cannot keep T in ${scope} memory: two kernels use it; give it scope global`);
  }
});

Deno.test("registers hold what their own thread wrote", () => {
  const sch = new Schedule(stencil(8));
  const unit = sch.addUnitLoop("T"), other = sch.addUnitLoop("B");
  sch.bind(sch.mergeLoops(unit, other), "blockIdx.x");
  sch.setScope("T", "local");
  sch.bind("i", "threadIdx.x");
  sch.bind("i_1", "threadIdx.x");
  refused(
    sch.func,
    "cannot keep T in registers: a thread would read elements of dimension 0 that it did not write",
  );
});

Deno.test("threads, registers, workgroup memory and vectors need sizes that are known", () => {
  const m = variable("m");
  const A = placeholder("A", [m]);
  const program = () => {
    const T = compute("T", [m], (i) => mul(A.at(i), one));
    return new Schedule(primFunc("twice", [A, compute("B", [m], (i) => add(T.at(i), T.at(i)))]));
  };
  const threads = program();
  threads.computeInline("T");
  threads.bind("i_1", "threadIdx.x");
  refused(
    threads.func,
    "cannot bind i_1 to threadIdx.x: its extent is not constant, and a workgroup's size is",
  );
  const shared = program();
  const unit = shared.addUnitLoop("T"), other = shared.addUnitLoop("B");
  shared.bind(shared.mergeLoops(unit, other), "blockIdx.x");
  shared.setScope("T", "shared");
  refused(shared.func, "cannot place T in shared memory: dimension 0 needs a size that is not constant");
});

Deno.test("a reduction across threads is a sum, a maximum or a minimum, with its other loops outside", () => {
  const func = rows(follow);
  const sch = new Schedule(func);
  const [i, k] = sch.loops("T") as [string, string];
  sch.reorder(k, i);
  sch.bind(k, "threadIdx.x");
  sch.bind("i_1", "blockIdx.x");
  refused(sch.func, "cannot reduce T across threads: its spatial loop i lies inside its reduce loop k");
});

Deno.test("a program that nobody scheduled has no kernel", () => {
  refused(
    rows(follow),
    "cannot make a kernel of T: none of its loops is bound to a thread; schedule the program first",
  );
});

// Barriers, in loops over statements that read and write three arrays.

const arrays = ["P", "Q", "R"].map((name) => buffer(name, [128], "f32", "shared"));
const sink = buffer("out", [64]);
const thread = variable("thread_x"), m = variable("m");

/**
 * A statement that reads and writes halves of arrays, 0 … 5; -1 is none. Where it `turns`, it takes the other
 * half of them at every other turn of the loop around it.
 */
interface Touch {
  readonly read: number;
  readonly write: number;
  readonly turns?: boolean;
}
/** A loop of three turns or, if it is `open`, of m - 1, which may be none. Where m is below 4, `some` runs. */
type Body = readonly (
  | Touch
  | { readonly loop: Body; readonly open?: boolean }
  | { readonly some: Body; readonly other: Body }
)[];

function statement(body: Body, turn: Expr = constant(0)): Stmt {
  return seq(...body.map((x): Stmt => {
    if ("loop" in x) return looped(x.loop, x.open);
    if ("some" in x) {
      const other = x.other.length > 0 ? { else: statement(x.other, turn) } : {};
      return { kind: "if", cond: lt(m, 4), then: statement(x.some, turn), ...other };
    }
    const from = arrays[x.read >> 1], to = arrays[x.write >> 1];
    const start = (half: number) => x.turns ? mul(floorMod(add(turn, half & 1), 2), 64) : (half & 1) * 64;
    const value = from ? load(from, sub(add(start(x.read), 63), thread)) : one;
    return to ? store(to, [add(thread, start(x.write))], value) : store(sink, [thread], value);
  }));
}

function looped(body: Body, open = false): Stmt {
  const t = variable("t");
  return forLoop(t, open ? sub(m, 1) : 3, statement(body, t));
}

function hasReads(body: Body): boolean {
  return body.some((x) =>
    "loop" in x ? hasReads(x.loop) : "some" in x ? hasReads([...x.some, ...x.other]) : x.read >= 0
  );
}

function draftOf(body: Stmt): KernelDraft {
  return {
    name: "draft",
    prepares: false,
    body,
    shapeVars: [m],
    outer: new Set([sink]),
    layouts: new Map(),
    threads: new Map([["threadIdx.x", { var: thread, extent: constant(64) }]]),
    sharedGlobals: new Set(),
    atomics: new Set(),
    lanes: new Map(),
    wrapping: new Set(),
    activations: new Set(),
    textures: new Map(),
  };
}

/** What one thread runs through if m is `size`: accesses and barriers in order, loops turn by turn. */
function runThrough(s: Stmt, size: number, visit: (s: Stmt) => void): void {
  if (s.kind === "seq") s.body.forEach((x) => runThrough(x, size, visit));
  else if (s.kind === "for") {
    for (let t = 0; t < (s.extent.kind === "const" ? 3 : size - 1); t++) {
      runThrough(substituteStmt(s.body, new Map([[s.var, constant(t)]])), size, visit);
    }
  } else if (s.kind === "if") {
    if (size < 4) runThrough(s.then, size, visit);
    else if (s.else) runThrough(s.else, size, visit);
  } else visit(s);
}

/** Halves of arrays that threads read or write while others may still write or read them. */
function conflictsWithoutBarrier(body: Stmt): number {
  return [1, 3, 5].reduce((n, size) => n + conflictsWhere(body, size), 0);
}

function conflictsWhere(body: Stmt, size: number): number {
  let reads = new Set<string>(), writes = new Set<string>(), conflicts = 0;
  const half = ({ buffer: b, indices }: Load | Store) => {
    const [low] = new Analyzer().bounds(substitute(indices[0] as Expr, new Map([[thread, constant(0)]])));
    return `${b.name}${low >> 6}`;
  };
  runThrough(body, size, (s) => {
    if (s.kind === "barrier") [reads, writes] = [new Set(), new Set()];
    if (s.kind !== "store") return;
    const from = new Set<string>();
    walkStmt(s, () => {}, (e) => e.kind === "load" && from.add(half(e)));
    const to = s.buffer === sink ? [] : [half(s)];
    if ([...from].some((h) => writes.has(h)) || to.some((h) => reads.has(h) || writes.has(h))) conflicts++;
    from.forEach((h) => reads.add(h));
    to.forEach((h) => writes.add(h));
  });
  return conflicts;
}

Deno.test("no two threads meet in workgroup memory without a barrier between them", () => {
  const arbTouch: fc.Arbitrary<Touch> = fc.record({
    read: fc.integer({ min: -1, max: 5 }),
    write: fc.integer({ min: -1, max: 5 }),
    turns: fc.boolean(),
  }).filter((t) => t.read !== t.write || t.read < 0);
  const arbBody = fc.letrec<{ body: Body }>((tie) => ({
    body: fc.array(
      fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { weight: 4, arbitrary: arbTouch },
        { weight: 1, arbitrary: fc.tuple(tie("body"), fc.boolean()).map(([loop, open]) => ({ loop, open })) },
        {
          weight: 1,
          arbitrary: fc.tuple(tie("body"), fc.oneof(fc.constant([]), tie("body"))).map(([some, other]) => ({
            some,
            other,
          })),
        },
      ),
      { minLength: 1, maxLength: 5 },
    ),
  })).body;
  fc.assert(
    fc.property(arbBody, (body) => {
      const s = looped(body);
      // What nobody reads may be written in any order.
      fc.pre(hasReads(body));
      assertEquals(conflictsWithoutBarrier(insertBarriers(draftOf(s)).body), 0);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a turn that begins before the last one has ended waits where it must, and not only as often", () => {
  // The first turn alone would put its two barriers elsewhere.
  const body: Body = [{ read: 0, write: -1 }, { read: 1, write: -1 }, { read: -1, write: 0 }, {
    read: 0,
    write: 1,
  }];
  const s = looped(body);
  assertEquals(conflictsWithoutBarrier(insertBarriers(draftOf(s)).body), 0);
});

Deno.test("threads that write parts of an array of their own wait once, before it is read", () => {
  const body: Body = [{ read: -1, write: 0 }, { read: -1, write: 1 }, { read: 0, write: -1 }, {
    read: 1,
    write: -1,
  }];
  let barriers = 0;
  walkStmt(insertBarriers(draftOf(statement(body))).body, (s) => s.kind === "barrier" && barriers++);
  assertEquals(barriers, 1);
});

Deno.test("threads whose elements lie between those of others wait for nobody, and all others do", () => {
  const array = buffer("P", [1024], "f32", "shared");
  const arbPlace = fc.record({
    step: fc.constantFrom(1, 2, 3, 4, 6, 8, 12),
    at: fc.nat(30),
    vector: fc.boolean(),
    back: fc.boolean(),
  });
  type Place = {
    readonly step: number;
    readonly at: number;
    readonly vector: boolean;
    readonly back: boolean;
  };
  const elements = ({ step, at, vector, back }: Place, thread: number): readonly number[] => {
    const base = at + step * (back ? 63 - thread : thread);
    return vector ? [0, 1, 2, 3].map((lane) => base + lane) : [base];
  };
  const indexOf = ({ step, at, vector, back }: Place): Expr => {
    const base = add(mul(back ? sub(63, thread) : thread, step), at);
    return vector ? { kind: "ramp", dtype: "i32x4", base, stride: 1 } : base;
  };
  let met = 0, apart = 0;
  fc.assert(
    fc.property(arbPlace, arbPlace, (written, read) => {
      const writers = new Map<number, Set<number>>();
      for (let t = 0; t < 64; t++) {
        for (const e of elements(written, t)) writers.set(e, (writers.get(e) ?? new Set()).add(t));
      }
      const meet = Array.from({ length: 64 }, (_, t) => t).some((t) =>
        elements(read, t).some((e) => writers.get(e)?.values().some((w) => w !== t))
      );
      const s = seq(
        { kind: "store", buffer: array, indices: [indexOf(written)], value: one },
        store(sink, [thread], { kind: "load", dtype: "f32", buffer: array, indices: [indexOf(read)] }),
      );
      let barriers = 0;
      walkStmt(insertBarriers(draftOf(s)).body, (x) => x.kind === "barrier" && barriers++);
      if (meet) assertEquals(barriers, 1);
      const lanes = (p: Place) => p.vector ? 4 : 1;
      const between = (read.at - written.at) % read.step;
      const after = between < 0 ? between + read.step : between;
      const fits = after >= lanes(written) && read.step - after >= lanes(read);
      if (read.step === written.step && read.back === written.back && fits) assertEquals(barriers, 0);
      if (meet) met++;
      else if (barriers === 0) apart++;
    }),
    { numRuns: 2000 },
  );
  assert(met > 100 && apart > 20, `${met} met, ${apart} apart`);
});

Deno.test("halves that are taken in turn need one barrier a turn, where one half needs two", () => {
  const barriersOf = (turns: boolean) => {
    const s = insertBarriers(draftOf(looped([{ read: -1, write: 0, turns }, { read: 0, write: -1, turns }])));
    let barriers = 0;
    walkStmt(s.body, (x) => x.kind === "barrier" && barriers++);
    return barriers;
  };
  assertEquals([barriersOf(true), barriersOf(false)], [1, 2]);
});

Deno.test("threads that part ways take no barrier between them", () => {
  const part: Stmt = {
    kind: "if",
    cond: eq(thread, 0),
    then: statement([{ read: -1, write: 0 }, { read: 0, write: 2 }]),
  };
  const t = variable("t"), handed: Body = [{ read: -1, write: 0 }, { read: 0, write: 2 }];
  // As many turns as the thread's number, and the same turns for all of them.
  const turns = (extent: Expr) => forLoop(t, extent, statement(handed, t));
  for (const s of [part, turns(thread), turns(add(m, thread))]) {
    assertThrows(
      () => insertBarriers(draftOf(s)),
      LowerError,
      "cannot place a barrier in draft: threads share memory inside a condition or loop that differs from thread to",
    );
  }
  assertEquals(conflictsWithoutBarrier(insertBarriers(draftOf(turns(sub(m, 1)))).body), 0);
});

{
  // Two threads fill, and then the first of them copies.
  const A = placeholder("A", [8]);
  const T = compute("T", [8], (i) => select(ge(i, 1), A.at(sub(i, 1)), constant(0, "f32")));
  const func = primFunc("pad", [A, T]);
  const sch = new Schedule(func);
  const top = sch.addUnitLoop("T");
  const filling = sch.decomposePadding("T", sch.loops("T")[1] as string);
  sch.bind(top, "blockIdx.x");
  sch.bind(sch.loops(filling).at(-1) as string, "threadIdx.x");
  rightEverywhere("what one thread writes after others have filled it", func, sch.func);
  Deno.test("threads wait before one of them writes what others wrote", () => {
    const [kernel] = lower(sch.func, generic);
    assertEquals(kernel?.body.filter((s) => s.kind === "barrier"), [{ kind: "barrier", memory: "global" }]);
  });
}

{
  // The one element of T is made by the second thread, and read by the first.
  const func = stencil(1);
  const sch = new Schedule(func);
  sch.computeAt("T", sch.loops("B")[0] as string);
  sch.bind(sch.loops("T").at(-1) as string, "threadIdx.x");
  sch.bind(sch.loops("B")[0] as string, "blockIdx.x");
  rightEverywhere("one element that another thread makes", func, sch.func);
}
