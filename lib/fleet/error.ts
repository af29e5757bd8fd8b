import { TunebookError } from "../base/error.ts";

/** A fleet can't be joined, has no such device, or sent something that can't be used. */
export class FleetError extends TunebookError {
  /** The name of the error's class. */
  override readonly name = "FleetError";
}

/** The queue of a device class is full. The job may be sent again later. */
export class QueueFullError extends FleetError {}
