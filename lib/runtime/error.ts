import { TunebookError } from "../base/error.ts";

/** Arguments that don't fit a program, or a request that the device can't serve. */
export class RuntimeError extends TunebookError {
  /** The name of the class. */
  override readonly name: string = "RuntimeError";
}

/** No device of the kind that was asked for. */
export class NoDeviceError extends RuntimeError {
  /** The name of the class. */
  override readonly name = "NoDeviceError";
}

/** Source that the driver does not accept. */
export class CompileError extends RuntimeError {
  /** The name of the class. */
  override readonly name = "CompileError";
}

/** A launch that a limit of the device rules out; it never reached the driver. */
export class LaunchLimitError extends RuntimeError {
  /** The name of the class. */
  override readonly name = "LaunchLimitError";
}

/** A validation or out-of-memory error while a program ran. */
export class RunError extends RuntimeError {
  /** The name of the class. */
  override readonly name = "RunError";
}

/** The device went away; open a new one. */
export class DeviceLostError extends RuntimeError {
  /** The name of the class. */
  override readonly name = "DeviceLostError";
}
