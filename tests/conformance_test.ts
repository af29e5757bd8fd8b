/**
 * Every operator, on shapes of every sort, in every dtype, scheduled by DLight for the device, by DLight for a GPU
 * that is not there (workgroup memory, barriers and reductions across threads), and by Fallback alone: right
 * results on every device, outputs poisoned before. A GPU compiles slowly, so it takes a part of the table, as do the
 * other ways of the CPU; `-- --all` gives them all.
 */
import { assertEquals } from "@std/assert";
import { compile } from "../lib/codegen/compile.ts";
import { fallback } from "../lib/dlight/fallback/fallback.ts";
import { rules, schedule } from "../lib/dlight/schedule.ts";
import { targetOf } from "../lib/target/profiles.ts";
import type { Target } from "../lib/target/target.ts";
import { devices, nameOf, otherCpus } from "./devices.ts";
import { type Case, CASES } from "./dlight/operators.ts";
import { randomInputs } from "../lib/measure/random_inputs.ts";
import { subjectOf, wrongAmongSubjects } from "./lower/checked_run.ts";

type Way = "own" | "generic" | "fallback";
const WAYS: readonly Way[] = ["own", "generic", "fallback"];

const all = Deno.args.includes("--all");

/** Operators of which a GPU runs the other dtypes by its own rules too: one for each way to read and write them. */
const TYPED = new Set(["matmul", "gemv", "softmax", "attention", "embedding", "conv2d strided NCHW"]);

/** What a device runs that takes a part of the table. */
function isChosen({ operator, sort, dtype }: Case, way: Way): boolean {
  const f32 = dtype === "f32", variant = operator.startsWith("matmul ");
  switch (way) {
    case "own":
      return f32
        ? sort === "odd" || sort === "one" || (sort === "symbolic" && !variant)
        : sort === "odd" && TYPED.has(operator);
    case "generic":
      return f32 ? sort === "symbolic" : sort === "even";
    case "fallback":
      return f32 && sort === "odd";
    default:
      return way satisfies never;
  }
}

function scheduled({ func }: Case, way: Way, target: Target) {
  return schedule(
    func,
    way === "generic" ? targetOf("generic-webgpu") : target,
    way === "fallback" ? [fallback] : rules,
  );
}

for (const device of [...devices, ...otherCpus]) {
  const { target } = device, whole = all || device === devices[0];
  for (const operator of new Set(CASES.map((c) => c.operator))) {
    Deno.test(`${operator} is right on ${nameOf(device)}`, async () => {
      const wrong: string[] = [];
      for (const c of CASES) {
        const ways = WAYS.filter((way) => whole || isChosen(c, way));
        if (c.operator !== operator || ways.length === 0) continue;
        // Both sets of inputs that a measurement checks on.
        const subjects = [false, true].map((wide) => {
          const seed = CASES.indexOf(c);
          return subjectOf(c.func, c.shapes, seed, randomInputs(c.func, seed, c.shapes, { wide }));
        });
        for (const way of ways) {
          const { func, rule } = scheduled(c, way, target);
          const said = await wrongAmongSubjects(device, subjects, compile(func, target));
          if (said !== undefined) wrong.push(`${c.sort} ${c.dtype} ${way} by ${rule}: ${said}`);
        }
      }
      assertEquals(wrong, []);
    });
  }
}
