/** Any error that Tunebook raises on purpose; the message says what was asked, what stands in the way, what would work. */
export class TunebookError extends Error {
  override readonly name: string = "TunebookError";
}

/** An expression or a program that is not well formed. */
export class IrError extends TunebookError {
  override readonly name: string = "IrError";
}

/** A program that breaks a rule of its stage. */
export class VerifyError extends IrError {
  override readonly name = "VerifyError";
}
