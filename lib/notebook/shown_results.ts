/** What only this room knows shows itself, too: as the last value of a cell and where it is printed. */
import * as codegen from "../codegen/compile.ts";
import * as dlight from "../dlight/schedule.ts";
import { viewOf } from "./view_registry.ts";
import { seenAs } from "./view.ts";

/** The same function, whose results show themselves. They are plain data, with no class to teach it to. */
function shown<A extends unknown[], R extends object>(make: (...of: A) => R): (...of: A) => R {
  return (...of) => {
    const made = make(...of);
    seenAs(made, viewOf);
    return made;
  };
}

/**
 * The executable of a scheduled program for a target: WGSL for a GPU, JavaScript for the CPU. It shows its kernels.
 *
 * @throws {LowerError} where the schedule can't be made into kernels
 * @throws {LimitError} where the device's limits stand against it
 */
export const compileToShow: typeof codegen.compile = shown(codegen.compile);

/**
 * Schedules a program by the first rule that matches it, at the rule's presets for the target. Needs no
 * device and takes milliseconds.
 */
export const scheduleToShow: typeof dlight.schedule = shown(dlight.schedule);
