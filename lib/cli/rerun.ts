/**
 * Measures what somebody has shared on this device, and shows both side by side.
 *
 *     deno task rerun PAGE_OR_FOLDER [--backend webgpu|cpu] [--rounds 11] [--chart there_here.png]
 */
import { parseArgs } from "node:util";
import { TunebookError } from "../base/error.ts";
import { Device, type DeviceOptions } from "../runtime/device.ts";
import { CONFIRM_ROUNDS } from "../tuning/confirm.ts";
import { Shared } from "../share/shared.ts";

const USAGE = "it takes PAGE_OR_FOLDER [--backend webgpu|cpu] [--rounds 11] [--chart there_here.png]";

/** @throws {TunebookError} for arguments that there aren't, and whatever stands against the rerun */
export async function rerunShared(args: readonly string[]): Promise<void> {
  const { path, where, rounds, chart } = argumentsOf(args);
  const shared = await Shared.open(path);
  using device = await Device.open(where);
  console.log(shared);
  const again = await shared.rerun(device, { rounds });
  console.log(again);
  if (chart !== undefined) await again.chart.save(chart);
}

function argumentsOf(args: readonly string[]) {
  const refuse = (why: string) => new TunebookError(`cannot rerun: ${why}; ${USAGE}`);
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { backend: { type: "string" }, rounds: { type: "string" }, chart: { type: "string" } },
    });
  } catch (e) {
    // What the parser does not know.
    if (e instanceof TypeError) throw refuse(e.message);
    throw e;
  }
  const { positionals: [path, ...more], values: { backend, rounds, chart } } = parsed;
  if (path === undefined) throw refuse("there is nothing to run again");
  if (more.length > 0) throw refuse(`there is no argument ${more[0]}`);
  if (backend !== undefined && backend !== "webgpu" && backend !== "cpu") {
    throw refuse(`--backend ${backend} is neither webgpu nor cpu`);
  }
  const where: DeviceOptions = backend === undefined ? {} : { backend };
  return { path, where, rounds: rounds === undefined ? CONFIRM_ROUNDS : Number(rounds), chart };
}

if (import.meta.main) {
  try {
    await rerunShared(Deno.args);
  } catch (e) {
    // What is the user's to mend is said on one line; a bug keeps its stack.
    if (!(e instanceof TunebookError)) throw e;
    console.error(e.message);
    Deno.exit(1);
  }
  Deno.exit(0);
}
