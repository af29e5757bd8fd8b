import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type RuleRow, ruleTable } from "../../lib/tuning/rule_table.ts";
import { Device } from "../../lib/runtime/device.ts";
import { matmul, relu, type SuiteKernel } from "../../lib/face/te.ts";

const kernel = (name: string, func: SuiteKernel["func"], shapes: SuiteKernel["shapes"]): SuiteKernel => ({
  name,
  phase: "prefill",
  func,
  count: 1,
  shapes,
});

Deno.test("a row a kernel, in their order; one that fails says so and keeps no other from its row", async () => {
  using device = await Device.open({ backend: "cpu" });
  const product = matmul({ m: "m", n: 24, k: 8 });
  const seen: string[] = [];
  const table = await ruleTable(
    [
      kernel("unbound", product, {}),
      kernel("product", product, { m: 16 }),
      kernel("relu", relu({ shape: [64] }), {}),
    ],
    device,
    (row) => seen.push(row.kernel),
  );
  const rows = table.toArray().map((r) => r.toJSON() as RuleRow);
  assertEquals(rows.map((r) => r.kernel), ["unbound", "product", "relu"]);
  assertEquals(seen, ["unbound", "product", "relu"]);
  const [unbound, ...others] = rows as [RuleRow, RuleRow, RuleRow];
  assertStringIncludes(unbound.correct, "m");
  assert(unbound.correct !== "yes" && Number.isNaN(unbound.ms));
  assertEquals(others.map((r) => [r.rule, r.correct, r.phase]), [
    ["Matmul", "yes", "prefill"],
    ["Elementwise", "yes", "prefill"],
  ]);
  const [row] = others as [RuleRow, RuleRow];
  assert(row.ms > 0 && row.roofline > 0);
  // A multiplication and an addition for each of 16 x 24 x 8; three matrices of f32.
  assertEquals(Math.round(row.gflops * row.ms * 1e6), 2 * 16 * 24 * 8);
  assertEquals(Math.round(row.gbps * row.ms * 1e6), 4 * (16 * 8 + 24 * 8 + 16 * 24));
});
