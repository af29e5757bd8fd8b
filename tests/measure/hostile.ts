/** Measurers whose process runs executables by hand. */
import { dirname } from "node:path";
import type { Executable } from "../../lib/codegen/executable.ts";
import type { Measurement } from "../../lib/measure/measurement.ts";
import { Measurer } from "../../lib/measure/measurer.ts";
import type { Candidate, MeasureRequest } from "../../lib/measure/measuring.ts";
import type { Target } from "../../lib/target/target.ts";
import { doubled } from "./executables.ts";

const WORKER = new URL("./hostile_worker.ts", import.meta.url);

/** As an entry point: the compilation does not end. */
export const NEVER_COMPILES = "never compiles";

/** Lets candidates tell a test by a file what they do. */
function files(): readonly string[] {
  const folder = dirname(Deno.makeTempDirSync());
  return ["read", "write"].map((may) => `--allow-${may}=${folder}`);
}

/** Measures candidates for `doubled` that are executables by hand, and may use temporary files. */
export function openHostile(target: Target, deadlineMs?: number): Promise<Measurer> {
  return Measurer.open(
    { func: doubled, target, ...(deadlineMs === undefined ? {} : { deadlineMs }) },
    { worker: WORKER, permissions: files() },
  );
}

/** The same with the permissions that candidates have. */
export function openConfined(target: Target, maxMemory?: number): Promise<Measurer> {
  return Measurer.open({ func: doubled, target, ...(maxMemory === undefined ? {} : { maxMemory }) }, {
    worker: WORKER,
  });
}

/** An executable as a candidate that the hostile worker reads. */
export function candidateOf(executable: Executable): Candidate {
  return { source: { source: JSON.stringify(executable), workgroups: [1, 1, 1] } };
}

export const quick = { repeats: 2, minSampleMs: 10 };

/** What comes of an executable, sampled quickly unless the options say otherwise. */
export async function measured(
  measurer: Measurer,
  executable: Executable,
  options: Omit<MeasureRequest, "candidate"> = quick,
): Promise<Measurement> {
  const { measurement } = await measurer.measure({ candidate: candidateOf(executable), ...options });
  return measurement;
}
