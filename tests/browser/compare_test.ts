/** A page's own build and compare: rows, checked against Fallback's kernel. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { build, compare, dlight, te } from "../../lib/face/browser.ts";
import { devices } from "../devices.ts";

const matmul = te.matmul({ m: 32, n: 32, k: 32 });
const softmax = te.softmax({ rows: "n", columns: 16 });

for (const device of devices) {
  const { name } = device.target;

  Deno.test(`${name}: build gives DLight's program, and Fallback's at level 0`, async () => {
    using ruled = await build(matmul, device);
    using plain = await build(matmul, device, { level: 0 });
    const { rule, func } = dlight.schedule(matmul, device.target);
    using given = await build(func, device);
    assertEquals([ruled.built.rule, plain.built.rule, given.built.how], [rule, "Fallback", "given"]);
  });

  Deno.test(`${name}: compare gives a row a method, each right and timed`, async () => {
    const [fallback, rule, ...others] = await compare(softmax, device, { shapes: { n: 8 }, rounds: 2 });
    assertEquals([fallback?.contestant, rule?.contestant, others], ["fallback", "dlight", []]);
    for (const row of [fallback, rule]) {
      assert(
        row?.measurement.status === "ok" && row.medianMs > 0 && row.samples.length === 2,
        JSON.stringify(row),
      );
      assertEquals([row.task.endsWith("with n = 8"), row.speedupVsFallback > 0, row.failed], [true, true, 0]);
    }
  });

  Deno.test(`${name}: a method of the page's own that is wrong has a row that says so`, async () => {
    if (device.target.language !== "wgsl") return;
    const source = "@group(0) @binding(0) var<storage, read_write> C: array<f32>;\n" +
      "@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) at: vec3u) { C[at.x] = 1; }";
    const [own] = await compare(matmul, device, {
      methods: [],
      also: { ones: { source, workgroups: [16, 1, 1], bindings: ["C"] } },
      rounds: 1,
    });
    assertEquals([own?.contestant, own?.measurement.status, own?.medianMs, own?.failed], [
      "ones",
      "wrongAnswer",
      NaN,
      1,
    ]);
  });
}

Deno.test("what a page's compare can't do is refused with what it can", async () => {
  const [device] = devices;
  if (!device) throw new Error("no device");
  const compared = compare as (...args: readonly unknown[]) => Promise<unknown>;
  await assertRejects(() => compared(matmul, device, { methods: ["autotvm"] }), TunebookError, "dlight");
  await assertRejects(
    () => compared(matmul, device, { budget: { trials: 1 } }),
    TunebookError,
    "unknown option",
  );
  await assertRejects(() => compared(matmul, {}), TunebookError, "expected");
  await assertRejects(() => compared(softmax, device), TunebookError, "n");
});
