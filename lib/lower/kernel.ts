/** The flat program of one GPU kernel: WGSL-shaped, with nothing left to decide. */
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { TextureLayout } from "../target/texture.ts";

/** How a kernel sees one of its buffers. `vec4` is an `array<vec4<T>>` binding: indices still count elements. */
export interface Binding {
  /** The buffer. */
  readonly buffer: Buffer;
  /** `atomic`: threads update its elements at once. `sample`: a texture that is not bound as a storage texture. */
  readonly access: "read" | "readWrite" | "atomic" | "sample";
  /** Elements in one element of the array, 1 or 4; textures have 4. */
  readonly lanes: 1 | 4;
  /** How a texture holds it; undefined for arrays. */
  readonly texture: TextureLayout | undefined;
}

/** Whether a kernel writes a buffer that it accesses so. */
export function isWritten({ access }: Pick<Binding, "access">): boolean {
  return access === "readWrite" || access === "atomic";
}

/** An array of the workgroup or of one thread. */
export interface Alloc {
  /** The buffer that the array holds. */
  readonly buffer: Buffer;
  /** Scalars in one element of the array. */
  readonly lanes: 1 | 4;
  /** Elements, counted in scalars. */
  readonly size: number;
}

/** A statement of a kernel. */
export type KernelStmt = KernelFor | KernelIf | KernelStore | KernelLet | KernelBarrier;
/** Runs `body` for each value of `var` from 0 to `extent - 1`. */
export interface KernelFor {
  /** Tells this node from the others. */
  readonly kind: "for";
  /** The variable that counts the iterations. */
  readonly var: Var;
  /** The number of iterations. */
  readonly extent: Expr;
  /** What each iteration runs. */
  readonly body: readonly KernelStmt[];
}

/** Runs `then` where a condition holds, and `else` elsewhere. */
export interface KernelIf {
  /** Tells this node from the others. */
  readonly kind: "if";
  /** The condition, a boolean. */
  readonly cond: Expr;
  /** What runs where the condition holds. */
  readonly then: readonly KernelStmt[];
  /** What runs where it does not hold; may be empty. */
  readonly else: readonly KernelStmt[];
}
/** Stores one element, or the lanes of a vector when `index` is a ramp of stride 1. */
export interface KernelStore {
  /** Tells this node from the others. */
  readonly kind: "store";
  /** The buffer that is written. */
  readonly buffer: Buffer;
  /** The position, counted in scalars. */
  readonly index: Expr;
  /** The value; its type has the lanes of the index. */
  readonly value: Expr;
}

/** Names a value for the statements that follow. */
export interface KernelLet {
  /** Tells this node from the others. */
  readonly kind: "let";
  /** The name. */
  readonly var: Var;
  /** The value. */
  readonly value: Expr;
}

/** Waits for all threads of the workgroup; their writes to `memory` are then visible to each other. */
export interface KernelBarrier {
  /** Tells this node from the others. */
  readonly kind: "barrier";
  /** The memory whose writes become visible. */
  readonly memory: "shared" | "global";
}

/** One kernel after lowering. Printers make source of it and decide nothing. */
export interface Kernel {
  /** The name; unique within its program. */
  readonly name: string;
  /** True if it runs once, when arguments are bound, and not with every run of the program. */
  readonly prepares: boolean;
  /** Buffers that the kernel binds, in order of their binding numbers from 0. */
  readonly bindings: readonly Binding[];
  /** Shape variables that the kernel reads from its uniform buffer. */
  readonly uniforms: readonly Var[];
  /** Thread variables by tag, as the body mentions them. */
  readonly threads: readonly { readonly tag: string; readonly var: Var }[];
  /** Threads of a workgroup in x, y and z. */
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroups in each dimension: expressions over shape variables. */
  readonly grid: readonly [Expr, Expr, Expr];
  /** True if workgroups past the device's limit in x are folded into z. */
  readonly folded: boolean;
  /** Buffers at whose indices arithmetic on data may wrap around: `(4·x) >> 2` is not `x` there. */
  readonly wrapping: ReadonlySet<Buffer>;
  /** Arrays in workgroup memory. */
  readonly shared: readonly Alloc[];
  /** Arrays in the registers of each thread. */
  readonly locals: readonly Alloc[];
  /** The statements that each thread runs, in order. */
  readonly body: readonly KernelStmt[];
}
