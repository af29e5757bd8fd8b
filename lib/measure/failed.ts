import { messageOf } from "../base/error.ts";
import { CompileError, DeviceLostError, LaunchLimitError } from "../runtime/error.ts";
import type { Failed } from "./measurement.ts";

/** Makes a failure of the candidate from an error; rethrows a lost device, which can't measure any longer. */
export function failed(e: unknown, compileMs: number): Failed {
  if (e instanceof DeviceLostError) throw e;
  const status = e instanceof CompileError ? "compile" : e instanceof LaunchLimitError ? "verify" : "run";
  return { status, message: messageOf(e), compileMs };
}
