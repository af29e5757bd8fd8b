/** The parser of command lines: what each sort of option gives, and what is refused. */
import { assertEquals, assertThrows } from "@std/assert";
import { argumentsOf, type Command, helpOf, usageOf } from "../../lib/cli/arguments.ts";
import { OptionError } from "../../lib/base/error.ts";
import { flag, integer, name } from "../../lib/base/option_kinds.ts";

const OPTIONS = {
  model: { as: "text", kind: name, value: "llama", multiple: true, help: "A model." },
  rounds: { as: "number", kind: integer({ min: 1 }, "a positive integer"), value: "11", help: "Rounds." },
  quick: { as: "flag", kind: flag, help: "Measures less." },
} as const;
const command = {
  name: "deno task some",
  summary: "Does something.",
  positionals: ["PAGE"],
  options: OPTIONS,
} satisfies Command<typeof OPTIONS>;
const read = (...args: readonly string[]) => argumentsOf<typeof OPTIONS>(command, args);

Deno.test("options come in any order, those that may be given several times as a list", () => {
  assertEquals(read("a.html"), { positionals: ["a.html"], values: {} });
  assertEquals(
    read("--model", "one", "a.html", "--model=two", "--quick", "--rounds", "3", "--model", "one"),
    {
      positionals: ["a.html"],
      values: { model: ["one", "two", "one"], quick: true, rounds: 3 },
    },
  );
  // The last one of those that have one value.
  assertEquals(read("a.html", "--rounds", "3", "--rounds", "4").values, { rounds: 4 });
});

Deno.test("a wrong number of arguments, and values of another kind, are refused", () => {
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], "missing argument PAGE"],
    [["a", "b"], "unknown argument b"],
    [["a", "--rounds", "3x"], "expected --rounds to be a positive integer, got 3x"],
    [["a", "--rounds", "0"], "expected --rounds to be a positive integer, got 0"],
    [["a", "--quick=yes"], "--quick takes no value, got yes"],
    [["a", "--model="], "missing value of --model: expected llama"],
    [["a", "--modle", "x"], "unknown option --modle; did you mean --model?"],
  ];
  const usage = "usage: deno task some PAGE [--model llama]… [--rounds 11] [--quick]";
  assertEquals(`usage: ${usageOf(command)}`, usage);
  for (const [args, why] of cases) assertThrows(() => read(...args), OptionError, `${why}; ${usage}`);
});

Deno.test("arguments in brackets may be left out, and the last may be many", () => {
  const some = (...positionals: readonly string[]) => (...args: readonly string[]) =>
    argumentsOf({ ...command, positionals }, args).positionals;
  assertEquals(some("[NAME]…")(), []);
  assertEquals(some("FROM", "[TO]")("a"), ["a"]);
  assertEquals(some("FROM", "[TO]…")("a", "b", "c"), ["a", "b", "c"]);
  assertThrows(() => some("FROM", "[TO]")(), OptionError, "missing argument FROM");
  assertThrows(() => some("FROM", "[TO]")("a", "b", "c"), OptionError, "unknown argument c");
});

Deno.test("the help has a line for each option", () => {
  const lines = helpOf(command).split("\n");
  assertEquals(lines[0], "Does something.");
  for (
    const words of [["--model llama", "A model."], ["--quick", "Measures less."], ["--help", "Prints this."]]
  ) {
    assertEquals(lines.filter((l) => words.every((w) => l.includes(w))).length, 1, words[0]);
  }
});
