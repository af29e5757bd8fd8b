/** Each primitive has a golden: a program, the step, and the program that it makes. */
import { assert } from "@std/assert";
import { Schedule } from "../../lib/schedule/schedule.ts";
import { STEP_FIELDS } from "../../lib/schedule/step_fields.ts";

const goldens = new URL("../goldens/schedule/", import.meta.url);

for (const op of Object.keys(STEP_FIELDS)) {
  Deno.test(`the primitive ${op} has a golden with its step`, async () => {
    assert(Object.hasOwn(Schedule.prototype, op), `a schedule has no method ${op}`);
    const file = `${op.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}.txt`;
    const text = await Deno.readTextFile(new URL(file, goldens));
    assert(text.includes(`\nsch.${op}(`), `${file} has no step ${op}`);
  });
}
