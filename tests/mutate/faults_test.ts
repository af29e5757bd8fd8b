/** The planted faults can be planted, and every room has some. */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { FAULTS, roomOf } from "./faults.ts";

/** Rooms that show or pass on what others compute: two faults each are enough. */
const SHOWING = ["base", "target", "charts", "notebook", "jupyter", "browser", "cli", "face"];

Deno.test("every fault names text that its file has once, and tests that are there", async () => {
  const wrong: string[] = [];
  for (const { file, from, to, tests } of FAULTS) {
    const text = await Deno.readTextFile(join("lib", file));
    if (text.split(from).length !== 2 || from === to) wrong.push(`${file}: ${from}`);
    for (const path of tests) {
      const isFile = await Deno.stat(join("tests", path)).then((s) => s.isFile, () => false);
      if (!isFile) wrong.push(`tests/${path}`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("every room has at least two faults, and four if it computes something", async () => {
  const few: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir("lib")) {
    const count = FAULTS.filter((f) => roomOf(f) === name).length;
    if (isDirectory && count < (SHOWING.includes(name) ? 2 : 4)) few.push(`${name}: ${count}`);
  }
  assertEquals(few, []);
});
