/**
 * The grammar of statements. A schedulable program is a tree of loops over
 * blocks; a block says *what* is computed at one point of its iteration
 * variables, the loops around it say *when* and *where*.
 *
 * Read as a sequential program every loop kind means the same: run the body for
 * each value from 0. That reading is the meaning that schedules keep and that
 * the interpreter has; `bind`, `vectorized` and the like only say how fast.
 */
import type { Buffer, Expr, Var } from "./expr.ts";

export type Stmt = For | Seq | If | Store | Block | Let | Barrier;

export type ThreadTag = `${"blockIdx" | "threadIdx"}.${"x" | "y" | "z"}`;
/** `vthread`: iterations that run in one thread, side by side, each statement for all of them before the next. */
export type LoopKind = "serial" | "parallel" | "vectorized" | "unrolled" | "vthread" | ThreadTag;

/** Annotations are plain data that primitives set and rules or passes read. */
export type Annotations = Readonly<Record<string, string | number | boolean>>;

/** `for var in 0 … extent-1`. Loop variable names are unique in a function. */
export interface For {
  readonly kind: "for";
  readonly var: Var;
  readonly extent: Expr;
  readonly loop: LoopKind;
  readonly body: Stmt;
  readonly annotations: Annotations;
}
export interface Seq {
  readonly kind: "seq";
  readonly body: readonly Stmt[];
}
export interface If {
  readonly kind: "if";
  readonly cond: Expr;
  readonly then: Stmt;
  readonly else?: Stmt;
}
export interface Store {
  readonly kind: "store";
  readonly buffer: Buffer;
  readonly indices: readonly Expr[];
  readonly value: Expr;
}
/** An iteration variable of a block; its value lies in `0 … extent-1`. */
export interface IterVar {
  readonly var: Var;
  readonly extent: Expr;
  readonly type: "spatial" | "reduce";
}
/**
 * The unit of scheduling. At each iteration of the loops around it, `iters[k]` takes
 * the value `bindings[k]`; nothing runs unless `where` holds. `init` runs before
 * `body` when every reduce iteration variable is 0. Names are unique in a function.
 */
export interface Block {
  readonly kind: "block";
  readonly name: string;
  readonly iters: readonly IterVar[];
  readonly bindings: readonly Expr[];
  readonly where: Expr;
  readonly init?: Stmt;
  readonly body: Stmt;
  readonly annotations: Annotations;
}
/** Only in lowered programs: names a value for the statements of `body`. */
export interface Let {
  readonly kind: "let";
  readonly var: Var;
  readonly value: Expr;
  readonly body: Stmt;
}
/** Only in lowered programs: all threads of a workgroup meet, and what they wrote to that memory is visible. */
export interface Barrier {
  readonly kind: "barrier";
  readonly memory: "shared" | "global";
}
