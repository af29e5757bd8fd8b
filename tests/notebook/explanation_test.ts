/** What a reader of an explanation sees: every rule's word, the numbers, and each step with what it changed. */
import { assert, assertEquals } from "@std/assert";
import { explain } from "../../lib/dlight/explain.ts";
import { rules } from "../../lib/dlight/schedule.ts";
import { display } from "../../lib/notebook/display.ts";
import { ExplanationView } from "../../lib/notebook/explanation.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import * as te from "../../lib/face/te.ts";
import { fakeJupyter } from "./fake_jupyter.ts";
import { textOfHtml } from "./text_of_html.ts";

const target = targetOf("generic-webgpu");
const matmul = te.matmul({ m: 64, n: 64, k: 64 });

Deno.test("an explanation has every rule's reason, and steps that follow from one another", () => {
  const e = explain(matmul, target);
  assertEquals([e.rule, e.profile], ["Matmul", "generic-webgpu"]);
  assertEquals(e.verdicts.map((v) => v.rule), rules.map((r) => r.name));
  for (const { because } of e.verdicts) assert(because.length > 10, because);
  assertEquals(e.steps[0]?.before, `${matmul}`);
  e.steps.slice(1).forEach((s, k) => assertEquals(s.before, e.steps[k]?.after));
  for (const s of e.steps) assert(s.before !== s.after, JSON.stringify(s.step));
});

Deno.test("in a cell the steps unfold to what they changed, and nothing of a program is markup", async () => {
  const e = explain(matmul, target);
  const shown = new ExplanationView(e), html = shown.html();
  assertEquals(shown.text(), `${e}`);
  assertEquals(html.split("<li><details>").length - 1, e.steps.length);
  for (const v of e.verdicts) assert(html.includes(v.rule));
  const added = textOfHtml(html).split("\n").filter((line) => line.startsWith("+ "));
  assert(added.some((line) => line.includes("blockIdx.y")), added.join("\n"));
  const odd = { ...e, func: { name: "<i>" }, toString: () => "odd" };
  assert(!new ExplanationView(odd).html().includes("<i>"));

  using fake = fakeJupyter();
  await display(e);
  assertEquals(fake.messages.map((m) => m.data), [{ "text/html": html, "text/plain": `${e}` }]);
});
