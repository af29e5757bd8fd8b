/** What presets of the CPU do to programs: by the kernels, not by their speed. */
import { assert, assertEquals } from "@std/assert";
import { compile } from "../../lib/codegen/compile.ts";
import { rules, schedule } from "../../lib/dlight/schedule.ts";
import * as te from "../../lib/face/te.ts";
import { CAPABILITIES } from "../../lib/target/capabilities.ts";
import { targetOf } from "../../lib/target/profiles.ts";

const TARGET = { ...targetOf("cpu"), ...CAPABILITIES.wasm };

Deno.test("a sum of a row is added up in registers, and stored once", () => {
  const { func } = schedule(te.reduceSum({ rows: 8, columns: 64 }), TARGET, rules);
  const [launch] = compile(func, TARGET).launches;
  const source = launch?.source ?? "";
  assert(!/f32\.load\(i32\.add\(B/.test(source), source);
  assertEquals(source.match(/f32\.store/g)?.length, 1, source);
});

Deno.test("a weight is packed where rows are many, and is read as given where they are few or unknown", () => {
  const layoutOf = (m: number | string, transposeB: boolean) =>
    schedule(te.matmul({ m, n: 64, k: 32, transposeB }), TARGET, rules).preset.b_layout;
  for (const transposeB of [false, true]) {
    assertEquals(layoutOf(64, transposeB), "packed");
    assertEquals(layoutOf(8, transposeB), "given");
    assertEquals(layoutOf("m", transposeB), "given");
  }
});

Deno.test("a weight that is decoded is decoded for many rows at once", () => {
  const { preset } = schedule(te.matmul({ m: 64, n: 64, k: 64, weights: "q4f32_1" }), TARGET, rules);
  assertEquals([preset.tile_i, preset.tile_j], [[1, 8], [1, 4]]);
});
