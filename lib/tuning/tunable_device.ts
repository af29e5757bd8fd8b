import type { OpenMeasuring } from "../measure/measuring.ts";
import type { Peaks, Target } from "../target/target.ts";

/** All that a search needs of a device. `Device` is one; so is a handle of a device elsewhere. */
export interface TunableDevice {
  /** The device as plain data. */
  readonly target: Target;
  /** Measures the device's peaks, once. Afterwards `target.peaks` has them. */
  probe(): Promise<Peaks>;
  /** Opens a `Measuring` on it. Default: a child process on this machine. */
  readonly openMeasuring?: OpenMeasuring;
}
