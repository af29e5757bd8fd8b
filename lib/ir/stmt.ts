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

/** A statement. */
export type Stmt = For | Seq | If | Store | Block | Let | Barrier;

/** An axis of the grid of workgroups, or of the threads in a workgroup. */
export type ThreadTag = `${"blockIdx" | "threadIdx"}.${"x" | "y" | "z"}`;
/** `vthread`: iterations that run in one thread, side by side, each statement for all of them before the next. */
export type LoopKind = "serial" | "parallel" | "vectorized" | "unrolled" | "vthread" | ThreadTag;

/** Annotations are plain data that primitives set and rules or passes read. */
export type Annotations = Readonly<Record<string, string | number | boolean>>;

/** `for var in 0 … extent-1`. Loop variable names are unique in a function. */
export interface For {
  /** Tells this node from the others. */
  readonly kind: "for";
  /** The variable that counts the iterations. */
  readonly var: Var;
  /** The number of iterations. */
  readonly extent: Expr;
  /** How the iterations are run. */
  readonly loop: LoopKind;
  /** What each iteration runs. */
  readonly body: Stmt;
  /** Data for passes, which does not change the meaning. */
  readonly annotations: Annotations;
}
/** Statements, one after the other. */
export interface Seq {
  /** Tells this node from the others. */
  readonly kind: "seq";
  /** The statements, in order. */
  readonly body: readonly Stmt[];
}
/** A statement that runs under a condition. */
export interface If {
  /** Tells this node from the others. */
  readonly kind: "if";
  /** The condition, a boolean. */
  readonly cond: Expr;
  /** What runs where the condition holds. */
  readonly then: Stmt;
  /** What runs where it does not hold. */
  readonly else?: Stmt;
}
/** Writes one element of a tensor. */
export interface Store {
  /** Tells this node from the others. */
  readonly kind: "store";
  /** The tensor. */
  readonly buffer: Buffer;
  /** The position of the element. */
  readonly indices: readonly Expr[];
  /** The value. */
  readonly value: Expr;
}
/** An iteration variable of a block; its value lies in `0 … extent-1`. */
export interface IterVar {
  /** The variable. */
  readonly var: Var;
  /** The number of its values. */
  readonly extent: Expr;
  /** Whether its values give different results, or parts of one result. */
  readonly type: "spatial" | "reduce";
}
/**
 * The unit of scheduling. At each iteration of the loops around it, `iters[k]` takes
 * the value `bindings[k]`; nothing runs unless `where` holds. `init` runs before
 * `body` when every reduce iteration variable is 0. Names are unique in a function.
 */
export interface Block {
  /** Tells this node from the others. */
  readonly kind: "block";
  /** The name. */
  readonly name: string;
  /** The iteration variables. */
  readonly iters: readonly IterVar[];
  /** The value of each iteration variable, in terms of the loops around the block. */
  readonly bindings: readonly Expr[];
  /** The condition under which the block runs. */
  readonly where: Expr;
  /** What runs before the first part of a result is added. */
  readonly init?: Stmt;
  /** What the block computes. */
  readonly body: Stmt;
  /** Data for passes, which does not change the meaning. */
  readonly annotations: Annotations;
}
/** Only in lowered programs: names a value for the statements of `body`. */
export interface Let {
  /** Tells this node from the others. */
  readonly kind: "let";
  /** The name of the value. */
  readonly var: Var;
  /** The value. */
  readonly value: Expr;
  /** The statements that use it. */
  readonly body: Stmt;
}
/** Only in lowered programs: all threads of a workgroup meet, and what they wrote to that memory is visible. */
export interface Barrier {
  /** Tells this node from the others. */
  readonly kind: "barrier";
  /** The memory whose writes become visible. */
  readonly memory: "shared" | "global";
}
