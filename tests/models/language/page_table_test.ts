/** The bookkeeping of pages, against lists of tokens: no two sequences write to one page, and none is lost. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { PageTable, type Sequence } from "../../../lib/models/language/cache/page_table.ts";
import { ContextError } from "../../../lib/models/context_error.ts";
import { ModelError } from "../../../lib/models/error.ts";

const SIZE = 4;

/** A cache as memory: what each place of each page holds. */
class Memory {
  readonly places = new Map<string, number>();
  readonly texts = new Map<Sequence, number[]>();
  #written = 0;

  constructor(readonly table: PageTable) {}

  write(s: Sequence, count: number): void {
    const text = this.texts.get(s) as number[];
    const copies = this.table.append(s, count);
    for (const { from, to } of copies) {
      for (let k = 0; k < SIZE; k++) this.places.set(`${to} ${k}`, this.places.get(`${from} ${k}`) ?? -1);
    }
    const pages = this.table.pagesOf(s);
    for (let k = 0; k < count; k++) {
      const at = text.length, token = this.#written++;
      this.places.set(`${pages[Math.floor(at / SIZE)]} ${at % SIZE}`, token);
      text.push(token);
    }
  }

  check(): void {
    for (const [s, text] of this.texts) {
      assertEquals(this.table.lengthOf(s), text.length);
      const pages = this.table.pagesOf(s);
      assertEquals(text.map((_, k) => this.places.get(`${pages[Math.floor(k / SIZE)]} ${k % SIZE}`)), text);
    }
  }
}

const arbMoves = fc.array(
  fc.record({
    kind: fc.constantFrom("add", "fork", "append", "pop", "remove"),
    which: fc.nat(5),
    n: fc.nat(9),
  }),
  { maxLength: 40 },
);

Deno.test("sequences keep their tokens, whatever is added, forked, popped and removed", () => {
  fc.assert(fc.property(arbMoves, (moves) => {
    const table = new PageTable({ pages: 12, pageSize: SIZE, context: 30 }), memory = new Memory(table);
    for (const { kind, which, n } of moves) {
      const all = [...memory.texts.keys()], s = all[which % Math.max(1, all.length)];
      if (kind === "add" || !s) memory.texts.set(table.add(), []);
      else if (kind === "fork") memory.texts.set(table.fork(s), [...memory.texts.get(s) as number[]]);
      else if (kind === "append") {
        const room = table.roomOf(s);
        if (n > room) assertThrows(() => table.append(s, n), ContextError);
        else memory.write(s, n);
      } else if (kind === "pop") {
        const text = memory.texts.get(s) as number[], some = Math.min(n, text.length);
        table.pop(s, some);
        text.length -= some;
      } else {
        table.remove(s);
        memory.texts.delete(s);
      }
      memory.check();
    }
    for (const s of memory.texts.keys()) table.remove(s);
    assertEquals(table.free, 12);
  }));
});

Deno.test("a full cache says how long a text may be", () => {
  const table = new PageTable({ pages: 2, pageSize: 16, context: 100 }), s = table.add(), other = table.add();
  table.append(s, 10);
  table.append(other, 3);
  assertThrows(() => table.append(s, 7), ContextError, "This text may have 16 tokens");
  assertEquals(table.lengthOf(s), 10);
  const small = new PageTable({ pages: 9, pageSize: 16, context: 20 }), t = small.add();
  assertThrows(() => small.append(t, 21), ContextError, "expected at most 20 tokens of a text");
});

Deno.test("a sliding window gives pages back, but not those of sinks, and can't be popped past", () => {
  const table = new PageTable({ pages: 6, pageSize: 4, context: 1000, window: 8, sinkTokens: 3 });
  const s = table.add();
  for (let k = 0; k < 100; k++) {
    table.append(s, 1);
    table.slide(s);
    assert(table.free >= 2, `after ${k} tokens`);
  }
  assertEquals(table.pagesOf(s).length, 25);
  table.pop(s, 1);
  assertThrows(() => table.pop(s, 40), ModelError, "the sliding window has dropped");
  table.remove(s);
  assertEquals(table.free, 6);
});
