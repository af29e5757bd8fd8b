/** Attention over pages is attention over the same positions in one piece, token by token. */
import { assertThrows } from "@std/assert";
import { interpret } from "../../lib/interp/interpret.ts";
import { attentionProgram } from "../../lib/op/attention.ts";
import { pagedAttentionProgram } from "../../lib/op/paged_attention.ts";
import { TeError } from "../../lib/te/error.ts";
import { assertEverywhere } from "./everywhere.ts";

const HEADS = 4, KV = 2, DIM = 6, PAGE = 4, PAGES = 7;
const sizes = { heads: HEADS, kvHeads: KV, headDim: DIM };
let state = 1;
const random = (n: number) =>
  Float64Array.from(
    { length: n },
    () => Math.fround((state = state * 16807 % 2147483647) / 2147483647 * 2 - 1),
  );

/** A token's result by plain attention over its positions, taken from the pages. */
function wanted(
  Q: Float64Array,
  cache: Float64Array,
  pages: readonly number[],
  position: number,
  more: { readonly softcap?: number; readonly slidingWindow?: number },
): readonly number[] {
  const length = position + 1;
  const take = (part: number) =>
    Float64Array.from({ length: length * KV * DIM }, (_, n) => {
      const l = Math.floor(n / (KV * DIM)), h = Math.floor(n / DIM) % KV, page = pages[Math.floor(l / PAGE)];
      return cache[((((page as number) * 2 + part) * KV + h) * PAGE + l % PAGE) * DIM + n % DIM] as number;
    });
  const program = attentionProgram({ queries: 1, length, ...sizes, ...more });
  return [...interpret(program, { Q, K: take(0), V: take(1) }).O ?? []];
}

for (const chunk of [undefined, 8]) {
  for (const sequences of [true, false]) {
    const name = `${sequences ? "sequences" : "tokens of one sequence"}, ${chunk ? "in chunks" : "at once"}`;
    Deno.test(`attention over pages is attention over positions: ${name}`, async () => {
      const more = sequences ? { softcap: 2 } : { slidingWindow: 5 };
      const f = pagedAttentionProgram({
        rows: 3,
        blocks: "b",
        pages: "p",
        pageSize: PAGE,
        ...sizes,
        sequences,
        ...more,
        ...(chunk && { chunk }),
      });
      const Q = random(3 * HEADS * DIM), cache = random(PAGES * 2 * KV * PAGE * DIM);
      const table = sequences ? [3, 1, 0, 4, 5, 2, 6, 0, 1] : [5, 0, 3], positions = [9, 0, 6];
      const O = positions.flatMap((p, i) => {
        const pages = sequences ? table.slice(3 * i, 3 * i + 3) : table;
        return wanted(Q.slice(i * HEADS * DIM, (i + 1) * HEADS * DIM), cache, pages, p, more);
      });
      await assertEverywhere(
        f,
        {
          Q: Float32Array.from(Q),
          cache: Float32Array.from(cache),
          table: Int32Array.from(table),
          positions: Int32Array.from(positions),
        },
        { O },
        { b: 3, p: PAGES },
        1e-5,
      );
    });
  }
}

Deno.test("attention over pages refuses heads that share unevenly", () => {
  const f = () => pagedAttentionProgram({ rows: 1, blocks: 2, pages: 3, heads: 3, kvHeads: 2, headDim: 4 });
  assertThrows(f, TeError, "expected kvHeads to divide heads, got 2 and 3, in pagedAttention");
});
