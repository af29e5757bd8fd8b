/** Identifiers for generated source: safe whatever a program's names are, and each its own. */
import type { Buffer, Var } from "../ir/expr.ts";

/** Words that WGSL, JavaScript or the generated code itself use. */
const RESERVED = new Set(
  ("alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if " +
    "let loop override requires return struct switch true var while array atomic bool f16 f32 i32 u32 vec2 vec3 vec4 " +
    "mat2x2 mat3x3 mat4x4 ptr sampler texture_2d main abs exp log sqrt inverseSqrt tanh erf floor pow fma min max " +
    "select clamp sign textureLoad workgroupBarrier shape wid lid num bitcast do new typeof void with yield await " +
    "function class this null undefined NaN Infinity Math Object Array Function globalThis eval arguments delete in " +
    "instanceof of static super try catch throw finally import export package private public protected interface " +
    "implements extends buffers uniforms grid thread active threads self unless unsafe use target mod move mut " +
    "auto char double int float half module namespace null nullptr operator premerge register regardless")
    .split(" "),
);

/** Hands out identifiers; the same object always gets the same one. */
export class Names {
  readonly #given = new Map<Var | Buffer, string>();
  readonly #used = new Set<string>();

  of(x: Var | Buffer): string {
    let name = this.#given.get(x);
    if (name === undefined) {
      name = this.fresh(x.name);
      this.#given.set(x, name);
    }
    return name;
  }

  /** An identifier like `wanted` that nobody else has. */
  fresh(wanted: string): string {
    const base = identifier(wanted);
    let name = base;
    for (let k = 1; this.#used.has(name); k++) name = `${base}_${k}`;
    this.#used.add(name);
    return name;
  }
}

/** `name` with everything but ASCII letters, digits and underscores replaced, and out of the way of reserved words. */
export function identifier(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^_+/, "").slice(0, 60);
  const safe = /^[A-Za-z]/.test(plain) ? plain : `v_${plain}`;
  return RESERVED.has(safe) ? `${safe}_` : safe;
}
