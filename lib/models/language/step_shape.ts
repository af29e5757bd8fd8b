/** The sizes of a step. */
export interface StepShape {
  /** Tokens of the step, or the name of their number. */
  readonly rows: number | string;
  /** Whether each row is of its own sequence, and has its state on the device. */
  readonly sequences: boolean;
  /** Positions of a page. */
  readonly pageSize: number;
  /** The pages that attention looks at, or the name of their number. */
  readonly blocks: number | string;
  /** Positions that attention takes together; undefined: all. */
  readonly chunk?: number;
  /** The dtype of activations and of the cache. */
  readonly dtype: "f32" | "f16";
  /** The most positions of a sequence. */
  readonly context: number;
  /** The first positions that sliding layers see, too. */
  readonly sinkTokens: number;
}
