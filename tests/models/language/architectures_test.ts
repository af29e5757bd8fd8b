/** Each architecture on the CPU, and those on the adapter that have most of what differs between kernels. */
import { devices } from "../../devices.ts";
import type { TinyName } from "../tiny_checkpoint.ts";
import { checkArchitecture, NAMES } from "./check_architecture.ts";

const WHOLE = { ends: [19, 51], tokens: 64 };
/** On a device with a driver, compiling takes seconds. `deno task check:architectures` runs all of them there. */
const SAMPLED: readonly TinyName[] = ["qwen3", "gemma2"];

for (const device of devices) {
  for (const name of device.target.kind === "cpu" ? NAMES : SAMPLED) {
    Deno.test(`${name} agrees with the reference on ${device.target.name}`, () =>
      checkArchitecture(device, name, WHOLE));
  }
}
