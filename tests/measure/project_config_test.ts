import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectConfig } from "../../lib/measure/project_config.ts";

Deno.test("a child gets the configuration nearest to the main module, or none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const below = join(folder, "a b", "c");
    await Deno.mkdir(below, { recursive: true });
    const main = pathToFileURL(join(below, "main.ts")).href;
    assertEquals(projectConfig(main), ["--no-config"]);
    await Deno.writeTextFile(join(folder, "deno.jsonc"), "{}");
    assertEquals(projectConfig(main), ["--config", join(folder, "deno.jsonc")]);
    // A folder of that name is no configuration.
    await Deno.mkdir(join(below, "deno.json"));
    await Deno.writeTextFile(join(folder, "a b", "deno.json"), "{}");
    assertEquals(projectConfig(main), ["--config", join(folder, "a b", "deno.json")]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a remote main module takes the configuration from the working folder", () => {
  assertEquals(
    projectConfig("https://example.com/mod.ts"),
    projectConfig(pathToFileURL(join(Deno.cwd(), "x.ts")).href),
  );
});
