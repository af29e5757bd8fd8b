/** What the module says about itself. */
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { HelpError, helpOf } from "../../lib/face/help.ts";
import { compare, Device, help, te } from "../../mod.ts";

Deno.test("help shows a function's signature, what it does, and its options", async () => {
  const text = await helpOf(te.matmul);
  assertStringIncludes(text, "function matmul(options: MatmulProgramOptions): PrimFunc");
  assertStringIncludes(text, "readonly m: Dim\n    Rows of A and C.");
  // What its options extend is shown, too.
  assertStringIncludes(text, "readonly bias?: boolean");
  assertEquals(["Defined in", "{@link", "\x1b"].filter((mark) => text.includes(mark)), []);
});

Deno.test("help takes things and names, of the top, of a namespace and of a class", async () => {
  assertEquals(await helpOf("te.matmul"), await helpOf(te.matmul));
  assertStringIncludes(await helpOf(compare), "function compare(");
  assertStringIncludes(await helpOf("Device.open"), "open(options: DeviceOptions)");
  assertStringIncludes(await helpOf(Device), "class Device");
  const space = await helpOf(te);
  assertStringIncludes(space, "matmul");
  assertEquals(await helpOf("te"), space);
});

Deno.test("what is not the module's is refused, with what is near", async () => {
  await assertRejects(() => help("te.matmull"), HelpError, "did you mean te.matmul?");
  await assertRejects(() => help({}), HelpError, "got another object");
  await assertRejects(() => help("te.matmul.nothing"), HelpError, "got matmul.nothing");
});

Deno.test("every namespace of mod.ts has its door", async () => {
  const text = await Deno.readTextFile(new URL("../../mod.ts", import.meta.url));
  const namespaces = [...text.matchAll(/^export \* as (\w+)/gm)].map(([, name]) => name as string);
  assert(namespaces.length > 5);
  const texts = await Promise.all(namespaces.map(helpOf));
  for (const text of texts) assertMatch(text, /\S/);
});
