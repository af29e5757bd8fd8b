/** The kinds of what describes a device. */
import type { Kind } from "../base/check_options.ts";
import { number, passing, required, withFields } from "../base/option_kinds.ts";
import type { Peaks, Target } from "./target.ts";

/** A target. */
export const targetKind: Kind<Target> = passing(
  'a target: device.target, or targetOf("nvidia")',
  (x) => typeof x === "object" && x !== null && "limits" in x && "profile" in x,
);

const rate = required(number({ min: 0 }, "a rate, as await device.probe() gives"));

/** Peaks as `device.probe()` measures them. */
export const peaksKind: Kind<Peaks> = withFields("the device's peaks, as await device.probe() gives", {
  gflops: rate,
  bufferGbps: rate,
  textureGbps: rate,
  copyGbps: rate,
});
