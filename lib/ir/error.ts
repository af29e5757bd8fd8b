import { TunebookError } from "../base/error.ts";

/** An expression or a program that is not well formed. */
export class IrError extends TunebookError {
  /** The name of the class. */
  override readonly name: string = "IrError";
}

/** A program that breaks a rule of its stage. */
export class VerifyError extends IrError {
  /** The name of the class. */
  override readonly name = "VerifyError";
}
