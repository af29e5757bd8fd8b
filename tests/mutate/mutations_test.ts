/** The planted faults can be planted: each names text that is there once, and tests that exist. */
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { MUTATIONS } from "./mutations.ts";

Deno.test("every fault names text that its file has once, and tests that are there", async () => {
  const wrong: string[] = [];
  for (const { file, from, to, tests } of MUTATIONS) {
    const text = await Deno.readTextFile(join("lib", file));
    if (text.split(from).length !== 2 || from === to) wrong.push(`${file}: ${from}`);
    for (const path of tests) await Deno.stat(join("tests", path)).catch(() => wrong.push(`tests/${path}`));
  }
  assertEquals(wrong, []);
  assert(MUTATIONS.length >= 60, `${MUTATIONS.length} faults`);
});
