import { assert, assertEquals } from "@std/assert";
import { Source, sourceOf } from "../../lib/notebook/source.ts";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { reduceSumProgram as reduceSum } from "../../lib/op/reduce_sum.ts";
import { golden } from "../golden.ts";
import { textOfHtml } from "./text_of_html.ts";

const func = reduceSum({ rows: 2, columns: 2 });
const lines = (n: number) => Array.from({ length: n }, (_, k) => `let x${k} = ${k};`).join("\n");

Deno.test("a program shows in colour, and its text is what String gives", () => {
  const shown = sourceOf(func);
  golden("notebook/program.txt", shown.html());
  assertEquals(textOfHtml(shown.html()).trimEnd(), `${func}`);
  assertEquals(shown.text(), `${func}`);
  assert(shown.text(true).includes("\x1b[") && !shown.text().includes("\x1b"));
});

Deno.test("whatever has a text is read: schedules, traces, kernels, texts", () => {
  const schedule = new Schedule(func);
  schedule.unroll("k");
  assertEquals(sourceOf(schedule).code, `${schedule.func}`);
  assertEquals(sourceOf(schedule.trace).code, 'sch.unroll("k")');
  const kernels = {
    name: "f",
    language: "wgsl",
    launches: [{ name: "f", source: "fn f() {}\n" }, { name: "g", source: "fn g() {}\n" }],
  } as const;
  for (const thing of [kernels, { executable: kernels }]) {
    const source = sourceOf(thing);
    assertEquals([source.language, source.code], ["wgsl", "fn f() {}\n\nfn g() {}"]);
  }
  assertEquals(sourceOf("let x = 1;", { language: "wgsl" }).language, "wgsl");
  assertEquals(sourceOf(sourceOf(kernels), { numbered: true }).text().split("\n")[0], "1  fn f() {}");
});

Deno.test("up to forty lines are shown whole; of more the first are, and the others unfold", () => {
  const whole = new Source(lines(40), "wgsl").html();
  assert(!whole.includes("<details>"));
  const long = new Source(lines(41), "wgsl").html();
  const [head = "", rest = ""] = long.split("<details>");
  assertEquals(textOfHtml(head).trim(), lines(24));
  assert(rest.includes("… 17 more lines") && textOfHtml(rest).includes("let x40"));
  const endless = new Source(lines(2500), "wgsl");
  assert(textOfHtml(endless.html()).includes("500 lines are not shown here"));
  assertEquals(endless.text(), lines(2500));
});

Deno.test("numbers stand before lines, and are not copied with them", () => {
  const numbered = new Source(lines(10), "wgsl", { numbered: true });
  assertEquals(numbered.text().split("\n").filter((_, k) => k % 9 === 0), [
    " 1  let x0 = 0;",
    "10  let x9 = 9;",
  ]);
  assertEquals(numbered.html().split("user-select:none").length - 1, 10);
});

Deno.test("long lines go on further in than they began", () => {
  const html = new Source(`    ${"word ".repeat(30)}`, "text").html();
  assert(
    html.includes(
      "padding-left:calc(4*min(1ch,2vw - 6px) + 4ch);text-indent:calc(-4*min(1ch,2vw - 6px) - 4ch)",
    ),
  );
});

Deno.test("names from untrusted input are text, and do nothing", () => {
  const evil = `</pre><script>alert(1)</script><img src=x onerror="alert(2)">\x1b]0;title\x07`;
  const odd = func.with({ name: evil });
  const shown = sourceOf(odd);
  assert(!/<(script|img)/.test(shown.html()));
  assert(textOfHtml(shown.html()).includes("<script>alert(1)</script>"));
  for (const text of [shown.text(), shown.html()]) assert(!text.includes("\x1b") && !text.includes("\x07"));
  // deno-lint-ignore no-control-regex
  assert(!shown.text(true).replace(/\x1b\[[\d;]*m/g, "").includes("\x1b"));
});
