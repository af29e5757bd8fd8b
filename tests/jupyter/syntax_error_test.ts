/** What is wrong with cells that can't be parsed, and where. */
import { assertEquals } from "@std/assert";
import { syntaxErrorOf } from "../../lib/jupyter/syntax_error.ts";

Deno.test("a syntax error says what is wrong, its line and column, and shows the line", async () => {
  const cases = {
    "const x = ;": "Expression expected, line 1:11",
    '"abc': "Unterminated string constant, line 1:1",
    "let a = 1;\n\nconst b: number = 3 4": "Expected a semicolon, line 3:21",
  };
  for (const [code, evalue] of Object.entries(cases)) {
    const error = await syntaxErrorOf(code), last = code.split("\n").at(-1);
    assertEquals([error?.ename, error?.evalue], ["SyntaxError", evalue]);
    assertEquals(error?.traceback[0], `SyntaxError: ${evalue}`);
    assertEquals(error?.traceback.filter((l) => l.endsWith(`| ${last}`)).length, 1);
  }
});

Deno.test("a cell that can be parsed has none", async () => {
  for (const code of ["", "await 0; 1", "enum A { B }", "x ".repeat(1) + "// " + "y".repeat(100_000)]) {
    assertEquals(await syntaxErrorOf(code), undefined);
  }
});
