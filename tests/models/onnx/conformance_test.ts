/** A sample of ONNX's own tests, with each operator that they have. `deno task onnx:conformance` runs them all. */
import { assertEquals } from "@std/assert";
import { devices } from "../../devices.ts";
import { type Case, casesOf, FOLDER, sampleOf } from "./conformance_cases.ts";
import { type Verdict, verdictOf } from "./conformance_verdict.ts";

/** What passes of the sample. */
const PASSED = 188, SAMPLE = 224;

const isInstalled = await Deno.stat(FOLDER).then(() => true, () => false);
if (!isInstalled && Deno.env.get("CI") === "true") {
  throw new Error(`expected Debian's libonnx-testdata, got no folder ${FOLDER}`);
}
const sample: readonly Case[] = isInstalled ? sampleOf(casesOf()) : [];

for (const device of devices) {
  const name = `ONNX's own tests, a sample with each operator, on ${device.target.kind}`;
  Deno.test({
    name: isInstalled ? name : `${name} (ignored: Debian's libonnx-testdata is not installed)`,
    ignore: !isInstalled,
    async fn() {
      const verdicts: (Verdict & { readonly name: string })[] = [];
      for (const c of sample) verdicts.push({ name: c.name, ...await verdictOf(c, device) });
      assertEquals(verdicts.filter((v) => v.kind === "wrong"), []);
      const passed = verdicts.filter((v) => v.kind === "passed" || v.kind === "fixed").length;
      assertEquals(sample.length, SAMPLE);
      assertEquals(passed >= PASSED, true, `${passed} of ${sample.length} passed, expected ${PASSED}`);
      for (const { name, reason } of verdicts.filter((v) => v.kind === "refused")) {
        assertEquals(reason.includes("expected "), true, `${name}: ${reason}`);
      }
    },
  });
}
