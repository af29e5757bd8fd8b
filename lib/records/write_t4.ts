import { checkArgument } from "../base/check_options.ts";
import type { Failure } from "../measure/measurement.ts";
import { showValue } from "../space/knob.ts";
import type { KnobValue } from "../space/knobs.ts";
import { pathKind } from "./kinds.ts";
import { measuredKind, type MeasuredSpace, type SpacePoint } from "./measured_space.ts";
import type { ParameterValue } from "./space_of_rows.ts";
import type { Invalidity, T4Result } from "./t4.ts";

/** T4 has fewer words for failures than measurements have. */
const INVALIDITY: Readonly<Record<"ok" | Failure, Invalidity>> = {
  ok: "correct",
  instantiate: "constraints",
  verify: "constraints",
  lower: "compile",
  compile: "compile",
  run: "runtime",
  wrongAnswer: "correctness",
  timeout: "timeout",
  outOfMemory: "runtime",
  deviceLost: "runtime",
};

/**
 * Writes a measured space as T4, the auto-tuning community's format, replacing the file: one result for each point,
 * in the order of their indices. Splits, orders and annotations are written as text: `8x4`.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {Deno.errors.NotFound} if its folder does not exist
 */
export async function writeT4(path: string, measured: MeasuredSpace): Promise<void> {
  checkArgument("records.writeT4", "path", path, pathKind);
  checkArgument("records.writeT4", "measured", measured, measuredKind);
  const { space, points } = measured;
  const results = [...points.values()].toSorted((a, b) => a.index - b.index)
    .map((p) => resultOf(space.at(p.index), p));
  await Deno.writeTextFile(`${path}.part`, JSON.stringify({ schema_version: "1.0.0", results }, null, 1));
  await Deno.rename(`${path}.part`, path);
}

function resultOf(
  config: Readonly<Record<string, KnobValue>>,
  { status, ms, samples, seconds }: SpacePoint,
): T4Result {
  const ok = status === "ok";
  return {
    configuration: Object.fromEntries(Object.entries(config).map(([name, v]) => [name, scalar(v)])),
    times: { runtimes: ok ? samples : [], benchmark: seconds * 1000 },
    invalidity: INVALIDITY[status],
    correctness: Number(ok),
    measurements: ok ? [{ name: "time", value: ms, unit: "ms" }] : [],
    objectives: ["time"],
  };
}

function scalar(value: KnobValue): ParameterValue {
  return typeof value === "object" ? showValue(value) : value;
}
