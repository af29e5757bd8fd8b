import type { Kind } from "../base/check_options.ts";
import { having } from "../base/option_kinds.ts";
import type { Device } from "../runtime/device.ts";

/** A device of this process: a fleet's handle can't load programs. */
export const localDevice: Kind<Device> = having(
  "a device of this process, as await Device.open() gives",
  "load",
);
