/** The flat program of one GPU kernel: WGSL-shaped, with nothing left to decide. */
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import type { TextureLayout } from "../target/texture.ts";

/** How a kernel sees one of its buffers. `vec4` is an `array<vec4<T>>` binding: indices still count elements. */
export interface Binding {
  readonly buffer: Buffer;
  /** `sample`: a texture that is not bound as a storage texture. */
  readonly access: "read" | "readWrite" | "sample";
  /** 1 or 4 elements an array element; textures have 4. */
  readonly lanes: 1 | 4;
  /** How a texture holds it; undefined for arrays. */
  readonly texture: TextureLayout | undefined;
}

/** An array of the workgroup or of one thread. */
export interface Alloc {
  readonly buffer: Buffer;
  readonly lanes: 1 | 4;
  /** Elements, counted in scalars. */
  readonly size: number;
}

export type KernelStmt = KernelFor | KernelIf | KernelStore | KernelLet | KernelBarrier;
export interface KernelFor {
  readonly kind: "for";
  readonly var: Var;
  readonly extent: Expr;
  readonly body: readonly KernelStmt[];
}
export interface KernelIf {
  readonly kind: "if";
  readonly cond: Expr;
  readonly then: readonly KernelStmt[];
  readonly else: readonly KernelStmt[];
}
/** Stores one element, or the lanes of a vector when `index` is a ramp of stride 1. */
export interface KernelStore {
  readonly kind: "store";
  readonly buffer: Buffer;
  readonly index: Expr;
  readonly value: Expr;
}
export interface KernelLet {
  readonly kind: "let";
  readonly var: Var;
  readonly value: Expr;
}
export interface KernelBarrier {
  readonly kind: "barrier";
  readonly memory: "shared" | "global";
}

export interface Kernel {
  readonly name: string;
  /** True if it runs once, when arguments are bound, and not with every run of the program. */
  readonly prepares: boolean;
  readonly bindings: readonly Binding[];
  /** Shape variables that the kernel reads from its uniform buffer. */
  readonly uniforms: readonly Var[];
  /** Thread variables by tag, as the body mentions them. */
  readonly threads: readonly { readonly tag: string; readonly var: Var }[];
  readonly workgroupSize: readonly [number, number, number];
  /** Workgroups in each dimension: expressions over shape variables. */
  readonly grid: readonly [Expr, Expr, Expr];
  /** True if workgroups past the device's limit in x are folded into z. */
  readonly folded: boolean;
  /** Buffers at whose indices arithmetic on data may wrap around: `(4·x) >> 2` is not `x` there. */
  readonly wrapping: ReadonlySet<Buffer>;
  readonly shared: readonly Alloc[];
  readonly locals: readonly Alloc[];
  readonly body: readonly KernelStmt[];
}
