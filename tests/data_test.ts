import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { dataTest, finderIn } from "./data.ts";

dataTest("the small language model's configuration is there and can be read", async (find) => {
  const config = JSON.parse(await Deno.readTextFile(find("stories260k", "config.json"))) as unknown;
  assert(typeof config === "object" && config !== null && Object.keys(config).length > 0);
});

Deno.test("data that is not there is said with its path", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "a"), "");
    assertEquals(finderIn(folder)("a"), join(folder, "a"));
    assertThrows(() => finderIn(folder)("b"), Error, `expected data at ${join(folder, "b")}, got nothing`);
    assertThrows(() => finderIn(join(folder, "c")), Error, `expected a folder at ${join(folder, "c")}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
