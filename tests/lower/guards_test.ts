/** Guards that are dropped or merged: each thread still writes the same results, whatever its registers hold. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { interpret } from "../../lib/interp/interpret.ts";
import { add, and, buffer, constant, forLoop, load, lt, seq, store, variable } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import { PrimFunc } from "../../lib/ir/func.ts";
import type { Stmt } from "../../lib/ir/stmt.ts";
import { substituteStmt } from "../../lib/ir/substitute.ts";
import { walkStmt } from "../../lib/ir/visit.ts";
import { dropGuards } from "../../lib/lower/drop_guards.ts";
import type { KernelDraft } from "../../lib/lower/kernel_draft.ts";
import { mergeGuards } from "../../lib/lower/merge_guards.ts";

const THREADS = 8;
const given = buffer("given", [THREADS]), out = buffer("out", [THREADS]);
const registers = ["p", "q", "r"].map((name) => buffer(name, [1], "f32", "local"));
const thread = variable("thread_x");

/** A store of a sum to a register, 0 to 2, or to the result, 3; or statements under guards, or in a loop. */
type Part =
  | { readonly to: number; readonly from: readonly number[] }
  | { readonly guards: readonly number[]; readonly body: readonly Part[] }
  | { readonly turns: readonly Part[] };

const read = (k: number): Expr => {
  const register = registers[k];
  return register ? load(register, 0) : load(given, thread);
};
/** Two guards of the thread's number, and one of what a register holds. */
const guards = [lt(thread, 5), lt(thread, 3), lt(read(0), 4)];

function statement(part: Part): Stmt {
  if ("turns" in part) return forLoop(variable("turn"), 2, seq(...part.turns.map(statement)));
  if ("guards" in part) {
    const cond = and(...part.guards.map((g) => guards[g] as Expr));
    return { kind: "if", cond, then: seq(...part.body.map(statement)) };
  }
  const value = part.from.reduce<Expr>((sum, k) => add(sum, read(k)), constant(1, "f32"));
  const register = registers[part.to];
  return register ? store(register, [constant(0)], value) : store(out, [thread], value);
}

const arbPart = fc.letrec<{ part: Part }>((tie) => {
  const parts = fc.array(tie("part"), { minLength: 1, maxLength: 3 });
  const guarded = fc.record({
    guards: fc.uniqueArray(fc.nat(2), { minLength: 1, maxLength: 2 }),
    body: parts,
  });
  return {
    part: fc.oneof(
      { maxDepth: 3 },
      { weight: 3, arbitrary: fc.record({ to: fc.nat(3), from: fc.array(fc.nat(3), { maxLength: 2 }) }) },
      { weight: 3, arbitrary: guarded },
      { weight: 1, arbitrary: parts.map((turns) => ({ turns })) },
    ),
  };
}).part;

/** What one thread leaves in the results; its registers start as NaN. */
function resultsOf(body: Stmt, t: number) {
  const own = substituteStmt(body, new Map([[thread, constant(t)]]));
  const inputs = { given: Float64Array.from({ length: THREADS }, (_, k) => k + 0.5) };
  return interpret(new PrimFunc("f", [given, out], [], registers, own), inputs).out;
}

function guardsIn(body: Stmt): number {
  let count = 0;
  walkStmt(body, (s) => s.kind === "if" && count++);
  return count;
}

function draftOf(body: Stmt): KernelDraft {
  return {
    name: "draft",
    prepares: false,
    body,
    shapeVars: [],
    outer: new Set([given, out]),
    layouts: new Map(),
    threads: new Map([["threadIdx.x", { var: thread, extent: constant(THREADS) }]]),
    sharedGlobals: new Set(),
    atomics: new Set(),
    lanes: new Map(),
    wrapping: new Set(),
    activations: new Set(),
    textures: new Map(),
  };
}

for (const pass of [dropGuards, mergeGuards]) {
  Deno.test(`${pass.name}: every thread writes what it wrote with all guards`, () => {
    let fewer = 0;
    fc.assert(
      fc.property(fc.array(arbPart, { minLength: 1, maxLength: 5 }), (parts) => {
        // Registers and results have values at first, so that it shows what was not written.
        const start = [0, 1, 2, 3].map((to) => statement({ to, from: [] }));
        const before = seq(...start, ...parts.map(statement)), after = pass(draftOf(before)).body;
        for (const t of [0, 3, 7]) assertEquals(resultsOf(after, t), resultsOf(before, t), `thread ${t}`);
        if (guardsIn(after) < guardsIn(before)) fewer++;
      }),
      { numRuns: 400 },
    );
    assert(fewer > 10, `${fewer} of 400 have fewer guards`);
  });
}

Deno.test("guards of what memory holds are merged only where nothing has written since it was read", () => {
  // The first statement changes what the guard of the second one reads.
  const alike: Part = { guards: [2], body: [{ to: 0, from: [0, 3] }] };
  const start: Part = { to: 0, from: [] };
  const before = seq(statement(start), statement(alike), statement(alike), statement({ to: 3, from: [0] }));
  const after = mergeGuards(draftOf(before)).body;
  for (let t = 0; t < THREADS; t++) assertEquals(resultsOf(after, t), resultsOf(before, t));
});

Deno.test("values that only enter registers need no guard, and results do", () => {
  const enters: Part = { guards: [0], body: [{ to: 0, from: [3] }, { to: 1, from: [0] }] };
  const leaves: Part = { guards: [0], body: [{ to: 3, from: [0, 1] }] };
  const guardsLeft = (...parts: readonly Part[]) =>
    guardsIn(dropGuards(draftOf(seq(...parts.map(statement)))).body);
  assertEquals(guardsLeft(enters, leaves), 1);
  // What leaves without the guard, or under another one, keeps the guard of what enters.
  assertEquals(guardsLeft(enters, { to: 3, from: [1] }), 1);
  assertEquals(guardsLeft(enters, { guards: [1], body: [{ to: 3, from: [1] }] }), 2);
  // Results among the registers keep the guard of both.
  assertEquals(guardsLeft({ guards: [0], body: [{ to: 0, from: [3] }, { to: 3, from: [0] }] }), 1);
});
