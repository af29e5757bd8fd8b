import { CompileError, DeviceLostError, LaunchLimitError } from "../runtime/error.ts";
import type { Failed } from "./measurement.ts";

/** A failure of the candidate itself; a lost device is thrown on, as it measures nothing any more. */
export function failed(e: unknown, compileMs: number): Failed {
  if (e instanceof DeviceLostError) throw e;
  const status = e instanceof CompileError ? "compile" : e instanceof LaunchLimitError ? "verify" : "run";
  return { status, message: e instanceof Error ? e.message : `${e}`, compileMs };
}
