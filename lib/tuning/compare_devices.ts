import { checkArgument, checkOptions } from "../base/check_options.ts";
import { OptionError, TunebookError } from "../base/error.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { SummaryRow } from "../records/summary.ts";
import { COMPARE_FIELDS, type CompareOptions } from "./compare_options.ts";
import { compareOne } from "./compare_one.ts";
import type { Comparisons } from "./comparison.ts";
import { comparisonsOf } from "./comparisons_of.ts";
import { Interruptible } from "./interrupt.ts";
import { logOf } from "./log_of.ts";
import * as kinds from "./option_fields.ts";
import type { Reporter } from "./reporter.ts";
import type { TunableDevice } from "./tunable_device.ts";

/** Compares one program on several devices, all at one time. */
export async function compareDevices(
  func: PrimFunc | readonly PrimFunc[],
  devices: readonly TunableDevice[],
  options: CompareOptions,
): Promise<Comparisons> {
  checkArgument("compare", "func", func, kinds.program);
  if (devices.length === 0) throw new TunebookError("expected at least one device to compare on, got none");
  for (const device of devices) checkArgument("compare", "device", device, kinds.device);
  checkOptions("compare", options, COMPARE_FIELDS, kinds.RENAMED);
  if (options.open) {
    throw new OptionError("expected compare on several devices without open, as each has its own, got open");
  }
  using stop = new Interruptible(options.signal);
  const { reporter, path, ...given } = options;
  const named = namesOf(devices);
  const each = await Promise.all(devices.map(async (device, k) => {
    const own = {
      ...given,
      ...(path === undefined ? {} : { path: logOf(path, k, named[k] as string) }),
      ...(reporter ? { reporter: part(reporter, named[k] as string) } : {}),
    };
    return await compareOne(func as PrimFunc, device, own, stop.signal);
  }));
  await reporter?.done();
  // The program is the same in all rows, so that its shapes stand in the subtitle.
  const on = (k: number) => (row: SummaryRow) => ({
    ...row,
    task: `${(func as PrimFunc).name} on ${named[k]}`,
  });
  return comparisonsOf(each, each.flatMap((c, k) => c.rows.map(on(k))), options.budget, {
    title: `${each.length} devices`,
    subtitle: each[0]?.rows[0]?.task ?? "",
  });
}

/** Names devices by their adapters; equal ones are numbered. */
function namesOf(devices: readonly TunableDevice[]): readonly string[] {
  const adapters = devices.map((d) => d.target.name);
  return adapters.map((name, k) =>
    adapters.filter((n) => n === name).length > 1 ? `${name}, ${k + 1}` : name
  );
}

/** The reporter of one of several comparisons: it names the device, and doesn't end the others' report. */
function part(reporter: Reporter, device: string): Reporter {
  return {
    update: (p) => reporter.update({ ...p, task: `${p.task} on ${device}` }),
    done: () => Promise.resolve(),
  };
}
