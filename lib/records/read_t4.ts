import { checkArgument } from "../base/check_options.ts";
import { median } from "../base/statistics.ts";
import { RecordError } from "./error.ts";
import { pathKind } from "./kinds.ts";
import type { SpacePoint } from "./measured_space.ts";
import { fieldsAt, type OutsideSpace, parseJson, readText } from "./outside_space.ts";
import { type ParameterRow, spaceOfRows } from "./space_of_rows.ts";
import { INVALIDITIES, T4_FILE, T4_MEASUREMENT, T4_RESULT, T4_TIMES, UNITS } from "./t4.ts";

/**
 * Reads results in T4, the auto-tuning community's format, as a measured space. A result's time is its measurement
 * `time`, in its unit, or the median of its runtimes in milliseconds.
 *
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {RecordError} if the file can't be read, is no T4, or has a valid result without a time
 */
export async function readT4(path: string): Promise<OutsideSpace> {
  checkArgument("records.readT4", "path", path, pathKind);
  const what = "results in T4";
  const { results } = fieldsAt(path, parseJson(path, what, await readText(path, what)), T4_FILE);
  let names: readonly string[] | undefined;
  const rows = results.map((result, i): ParameterRow => {
    const where = `result ${i} of ${path}`;
    const read = fieldsAt(where, result, T4_RESULT);
    const own = Object.keys(read.configuration);
    names ??= own;
    const values = names.flatMap((name) => {
      const value = read.configuration[name];
      return value === undefined ? [] : [value];
    });
    if (values.length < names.length || own.length > names.length) {
      throw new RecordError(
        `expected the parameters ${names.join(", ")} of the first result, got ${
          own.join(", ")
        }, reading ${where}`,
      );
    }
    return { values, result: resultOf(where, read) };
  });
  return { kernel: "", device: "", ...spaceOfRows(path, names ?? [], rows) };
}

interface Read {
  readonly times: unknown;
  readonly invalidity: keyof typeof INVALIDITIES;
  readonly measurements?: readonly unknown[] | undefined;
}

function resultOf(where: string, { times, invalidity, measurements = [] }: Read): Omit<SpacePoint, "index"> {
  const t = fieldsAt(where, times, T4_TIMES);
  const parts = [t.compilation ?? t.compilation_time, t.benchmark, t.framework, t.validation];
  const seconds = Math.max(0, parts.reduce<number>((sum, x) => sum + (x ?? 0), 0)) / 1000;
  const status = INVALIDITIES[invalidity];
  if (status !== "ok") return { status, ms: NaN, samples: [], seconds };
  const samples = t.runtimes ?? [];
  const ms = timeOf(where, measurements) ?? median(samples);
  if (!(ms > 0)) {
    throw new RecordError(`expected a time above 0 of a correct configuration, got none, reading ${where}`);
  }
  return { status, ms, samples: samples.length > 0 ? samples : [ms], seconds };
}

/** The measurement `time` in milliseconds; undefined where there is none. */
function timeOf(where: string, measurements: readonly unknown[]): number | undefined {
  for (const one of measurements) {
    const { name, value, unit = "" } = fieldsAt(where, one, T4_MEASUREMENT);
    if (name !== "time" || typeof value !== "number") continue;
    const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (factor === undefined) {
      throw new RecordError(
        `expected the unit of a time to be one of ${Object.keys(UNITS).filter(Boolean).join(", ")}, got ` +
          `${JSON.stringify(unit)}, reading ${where}`,
      );
    }
    return value * factor;
  }
  return undefined;
}
