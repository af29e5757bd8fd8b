/** Faults that the tests must catch, room by room. Most of them survived the tests of some day. */
import type { Fault } from "./faults/fault.ts";
import { GRAPHS } from "./faults/graphs.ts";
import { KERNELS } from "./faults/kernels.ts";
import { PROGRAMS } from "./faults/programs.ts";
import { SCHEDULES } from "./faults/schedules.ts";
import { SHOWN } from "./faults/shown.ts";
import { TUNING } from "./faults/tuning.ts";

/** All planted faults. */
export const FAULTS: readonly Fault[] = [
  ...PROGRAMS,
  ...SCHEDULES,
  ...KERNELS,
  ...TUNING,
  ...GRAPHS,
  ...SHOWN,
];

/** The room of a fault. */
export function roomOf({ file }: Fault): string {
  return file.split("/")[0] as string;
}
