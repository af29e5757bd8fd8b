/** Tint, Chromium's WGSL compiler, accepts every source: Deno's own compiler, naga, is not the only judge. */
import { assert, assertEquals } from "@std/assert";
import { PROFILES } from "../../lib/target/profiles.ts";
import type { TintReport } from "./tint/compile_all.ts";

Deno.test("Tint compiles every source of the conformance table, under every profile", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "tests/codegen/tint/compile_all.ts", ...Deno.args],
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { sources, profiles, errors }: TintReport = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(errors, []);
  assert(profiles.length >= Object.keys(PROFILES).length - 1, `profiles: ${profiles}`);
  assert(sources > 1000, `${sources} sources`);
});
