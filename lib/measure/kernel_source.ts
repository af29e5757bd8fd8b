/** A kernel that the user has written in WGSL, as plain data. */
export interface KernelSource {
  /** One WGSL module. All its bindings are in group 0. */
  readonly source: string;
  /** Workgroups in x, y and z. */
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** The compute entry point. Default "main". */
  readonly entryPoint?: string;
  /** Parameters by name, in the order of their binding numbers from 0. Default: the program's own order. */
  readonly bindings?: readonly string[];
  /** Shape variables in a uniform buffer (i32 each) that follows the last parameter's binding. Default: none. */
  readonly uniforms?: readonly string[];
}
