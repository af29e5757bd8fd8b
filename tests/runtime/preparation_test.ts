/** What can be made of some inputs before the others are there, and what then has to stay. */
import { assertEquals } from "@std/assert";
import type { BufferSpec, Executable, Launch } from "../../lib/codegen/executable.ts";
import { planPreparation } from "../../lib/runtime/preparation.ts";

/** A program in short: a launch is what it reads and what it writes; one in capitals prepares. */
function programOf(launches: Readonly<Record<string, readonly [reads: string, writes: string]>>): Executable {
  const list = Object.entries(launches).map(([name, [reads, writes]]) => ({
    name,
    prepares: name === name.toUpperCase(),
    bindings: [
      ...reads.split("").map((b) => ({ name: b, access: "read" })),
      ...writes.split("").map((b) => ({ name: b, access: "readWrite" })),
    ],
  })) as unknown as readonly Launch[];
  const names = [...new Set(list.flatMap((l) => l.bindings.map((b) => b.name)))];
  const writer = (b: string) => list.find((l) => l.bindings.some((x) => x.name === b && x.access !== "read"));
  const buffers = names.map((name) => ({
    name,
    role: !writer(name) ? "input" : name === "z" ? "output" : writer(name)?.prepares ? "prepared" : "temp",
  })) as unknown as readonly BufferSpec[];
  return { name: "p", language: "js", shapeVars: [], buffers, launches: list };
}

function plan(exe: Executable, given: string): Readonly<Record<string, string>> {
  const { launches, rest, kept, passing, own } = planPreparation(exe, given.split(""));
  const names = (of: readonly { readonly name: string }[]) => of.map((x) => x.name).toSorted().join(" ");
  return {
    launches: launches.map((l) => l.name).join(" "),
    rest: rest.map((l) => l.name).join(" "),
    kept: names(kept),
    passing: names(passing),
    own: names(own),
  };
}

Deno.test("a weight in another layout is kept in that layout only", () => {
  const exe = programOf({ P: ["b", "p"], run: ["ap", "z"] });
  assertEquals(plan(exe, "b"), { launches: "P", rest: "run", kept: "p", passing: "b", own: "a z" });
  assertEquals(plan(exe, "ab"), { launches: "P", rest: "run", kept: "a p", passing: "b", own: "z" });
  assertEquals(plan(exe, "a"), { launches: "", rest: "P run", kept: "a", passing: "", own: "b p z" });
  assertEquals(plan(exe, ""), { launches: "", rest: "P run", kept: "", passing: "", own: "a b p z" });
});

Deno.test("a weight that the program reads too is kept as well", () => {
  const exe = programOf({ P: ["b", "p"], run: ["abp", "z"] });
  assertEquals(plan(exe, "b"), { launches: "P", rest: "run", kept: "b p", passing: "", own: "a z" });
});

Deno.test("what is made on the way goes when it is done", () => {
  const exe = programOf({ P: ["b", "p"], Q: ["p", "q"], run: ["aq", "z"] });
  assertEquals(plan(exe, "b"), { launches: "P Q", rest: "run", kept: "q", passing: "b p", own: "a z" });
});

Deno.test("what needs another input waits for it, and so does what needs that", () => {
  const exe = programOf({ P: ["b", "p"], Q: ["pc", "q"], R: ["q", "r"], run: ["ar", "z"] });
  assertEquals(plan(exe, "b"), { launches: "P", rest: "Q R run", kept: "p", passing: "b", own: "a c q r z" });
  assertEquals(plan(exe, "c"), {
    launches: "",
    rest: "P Q R run",
    kept: "c",
    passing: "",
    own: "a b p q r z",
  });
  assertEquals(plan(exe, "bc").launches, "P Q R");
});

Deno.test("a buffer of which a part waits is not shared", () => {
  const exe = programOf({ P: ["b", "p"], Q: ["c", "p"], run: ["ap", "z"] });
  assertEquals(plan(exe, "b"), { launches: "", rest: "P Q run", kept: "b", passing: "", own: "a c p z" });
  assertEquals(plan(exe, "bc"), { launches: "P Q", rest: "run", kept: "p", passing: "b c", own: "a z" });
});

Deno.test("an input that nothing reads takes no room", () => {
  const exe = programOf({ run: ["a", "z"] });
  const more = { ...exe, buffers: [...exe.buffers, { ...exe.buffers[0], name: "u" } as BufferSpec] };
  assertEquals(plan(more, "u"), { launches: "", rest: "run", kept: "", passing: "", own: "a z" });
});
