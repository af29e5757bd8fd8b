/** What is said of the accesses and the dependences of blocks holds for each element, by enumeration. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Buffer } from "../../lib/ir/expr.ts";
import type { PrimFunc } from "../../lib/ir/func.ts";
import type { Block } from "../../lib/ir/stmt.ts";
import { usesVar } from "../../lib/ir/visit.ts";
import {
  accessesTo,
  accumulates,
  buffersWrittenBy,
  inputLoadsOf,
  reads,
} from "../../lib/schedule/block_accesses.ts";
import { consumersOf, producersOf } from "../../lib/schedule/dependences.ts";
import { ScheduleError } from "../../lib/schedule/error.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { arbProgram } from "../ir/random_program.ts";
import { Memory, run, valueOf } from "../lower/enumerate.ts";
import { center, chain, diamond } from "./programs.ts";
import { arbWishes, stepOf, take } from "./random_steps.ts";

/** The elements that a block has touched. */
interface Touched {
  readonly read: Map<Buffer, Set<string>>;
  readonly written: Map<Buffer, Set<string>>;
}

/** Runs a program, and holds each element that it touches against the accesses of its block. */
function touchedBy(func: PrimFunc): ReadonlyMap<Block, Touched> {
  const all = new Map<Block, Touched>();
  let now: Block | undefined;
  run(func.body, new Map(), new Memory(), {
    enter: (b) => {
      now = b;
    },
    touch: (x, elements, values) => {
      assert(now);
      const own: Touched = all.get(now) ?? { read: new Map(), written: new Map() };
      all.set(now, own);
      const places = x.kind === "store" ? own.written : own.read, at = `${elements}`;
      places.set(x.buffer, (places.get(x.buffer) ?? new Set()).add(at));
      const said = accessesTo(now, x.buffer).filter((a) => a.write === (x.kind === "store"));
      // A block of several nests accesses the buffer in loops too that do not run now.
      const running = said.filter((a) => a.indices.every((e) => !usesVar(e, (v) => !values.has(v))));
      const isSaid = running.some((a) => `${a.indices.map((e) => valueOf(e, values))}` === at);
      assert(isSaid, `${now.name} touches ${x.buffer.name}[${at}]`);
    },
  });
  return all;
}

/** True if the first block reads an element that the second one writes. */
function reaches(to: Touched, from: Touched): boolean {
  return [...from.written].some(([b, at]) => !at.isDisjointFrom(to.read.get(b) ?? new Set()));
}

Deno.test("blocks that pass an element on are producer and consumer, however they are scheduled", () => {
  let passed = 0, repeated = 0, apart = 0;
  fc.assert(
    fc.property(arbProgram, arbWishes, (start, wishes) => {
      const sch = new Schedule(start);
      for (const wish of wishes.slice(0, 4)) {
        try {
          const step = stepOf(sch, wish);
          if (step) take(sch, step);
        } catch (e) {
          if (!(e instanceof ScheduleError)) throw e;
        }
      }
      const touched = touchedBy(sch.func);
      for (const [b, own] of touched) {
        assertEquals(new Set(own.written.keys()), buffersWrittenBy(b));
        const inputs = new Set(inputLoadsOf(b).map((l) => l.buffer));
        for (const buffer of own.read.keys()) assert(own.written.has(buffer) || inputs.has(buffer));
        for (const buffer of inputs) assert(reads(b, buffer));
        if (reaches(own, own)) repeated++;
        if (reaches(own, own) && b.body.kind === "store") assert(accumulates(b), `${b.name} in ${sch.func}`);
        const consumers = consumersOf(sch.func, b).map((x) => x.block);
        const producers = producersOf(sch.func, b).map((x) => x.block);
        for (const [other, its] of touched) {
          // The update of a reduction goes on with what its initialization wrote: it is no consumer of it.
          if (other === b || own.written.keys().some((x) => its.written.has(x))) continue;
          if (reaches(its, own)) {
            assert(consumers.includes(other), `${other.name} reads ${b.name}: ${sch.func}`);
          }
          if (reaches(own, its)) {
            assert(producers.includes(other), `${b.name} reads ${other.name}: ${sch.func}`);
          }
          if (reaches(its, own)) passed++;
          else if (!consumers.includes(other)) apart++;
        }
      }
    }),
    { numRuns: 200 },
  );
  assert(
    passed > 50 && repeated > 20 && apart > 50,
    `${passed} passed, ${repeated} repeated, ${apart} apart`,
  );
});

Deno.test("blocks that read nothing of each other are neither producer nor consumer", () => {
  const consumers = (func: PrimFunc, name: string) => new Schedule(func).consumers(name);
  assertEquals(consumers(chain(), "T"), ["B"]);
  assertEquals([consumers(diamond(), "T"), consumers(diamond(), "S")], [["B"], ["B"]]);
  assertEquals([consumers(center(), "T"), consumers(center(), "B")], [["B"], []]);
  const sch = new Schedule(center());
  sch.decomposeReduction("T", "k");
  assertEquals([sch.consumers("T_init"), sch.producers("T")], [["B"], []]);
});
