import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Diff, diff } from "../../lib/notebook/diff.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { matmulProgram as matmul } from "../../lib/op/matmul.ts";
import { golden } from "../golden.ts";
import { textOfHtml } from "./text_of_html.ts";

/** What a patch makes of a text: what a reader of a unified diff would do by hand. */
function patched(before: string, patch: Diff): string {
  const old = before.split("\n"), now: string[] = [];
  let at = 0;
  for (const h of patch.hunks) {
    now.push(...old.slice(at, h.oldStart - 1));
    at = h.oldStart - 1;
    for (const line of h.lines) {
      const text = line.slice(1);
      if (line[0] !== "+") assertEquals(old[at++], text);
      if (line[0] !== "-") now.push(text);
    }
  }
  return [...now, ...old.slice(at)].join("\n");
}

/** All lines of the new text, and the removed ones between them, as the page has them. */
const onPage = (d: Diff) =>
  textOfHtml(
    [...d.html().matchAll(/<pre[^>]*>([^]*?)<\/pre>/g)].map(([, inside]) => inside).join(""),
  ).trimEnd().split("\n");

const line = fc.constantFrom("a", "b", "for i in range(4):", "    x = <b>1</b>", "", "-", "+ +");
const text = fc.array(line, { minLength: 1, maxLength: 30 }).map((list) => [...list, "end"].join("\n"));

Deno.test("a diff turns one text into the other, and shows all of the other", () => {
  fc.assert(fc.property(text, text, fc.integer({ min: 0, max: 4 }), (before, after, context) => {
    const d = diff(before, after, { context });
    assertEquals(patched(before, d), after);
    if (d.hunks.length === 0) return assertEquals(before, after);
    const lines = onPage(d);
    assertEquals(lines.filter((l) => !l.startsWith("- ")).map((l) => l.slice(2)), after.split("\n"));
    assertEquals(lines.filter((l) => l.startsWith("- ")).length, d.removed);
  }));
});

Deno.test("two programs: signs beside colours, what is the same folds", () => {
  const func = matmul({ m: 8, n: 8, k: 8 }), schedule = new Schedule(func);
  schedule.unroll("k");
  const d = diff(func, schedule, { names: ["before", "unrolled"], context: 1 });
  golden("notebook/diff.txt", `${d}\n\n${d.html()}`);
  assertEquals([d.tally, d.added, d.removed], ["+1 −1", 1, 1]);
  assert(d.html().includes("<summary") && d.text(true).includes("\x1b[33m-            for k"));
});

Deno.test("nothing differs between a thing and itself", () => {
  const func = matmul({ m: 8, n: 8, k: 8 });
  assertEquals(diff(func, func).text(), "before and after: no line differs");
  assert(diff(func, func).html().includes("no line differs"));
});

Deno.test("lines that only moved in or out are no change, for those who say so", () => {
  const d = diff("a\nb\nc", "new\n  a\n  b\nc", { indentation: false });
  assertEquals(d.tally, "+1 −0");
  assertEquals(onPage(d).map((l) => l.slice(2)), ["new", "  a", "  b", "c"]);
});

Deno.test("texts with nothing in common are told apart at once", () => {
  // The comparison is a package's. Without a limit it would take hours here, so a deadline only catches that.
  const many = (name: string) => Array.from({ length: 5000 }, (_, k) => `${name}${k}`).join("\n");
  const begin = performance.now();
  const d = diff(many("a"), many("b"));
  assertEquals(d.tally, "+5000 −5000");
  assertEquals(patched(many("a"), d), many("b"));
  assert(performance.now() - begin < 60_000);
});

Deno.test("names from untrusted input are text", () => {
  const d = diff("a", "<script>b</script>", { names: ["<img src=x>", "\x1b[2J"] });
  assert(!/<(img|script)/.test(d.html()));
  assert(!d.html().includes("\x1b") && !d.text().includes("\x1b"));
});
