/** Identifiers for generated source: valid for all names of a program, and unique. */
import type { Buffer, Var } from "../ir/expr.ts";
import { WGSL_FAMILIES, WGSL_WORDS } from "./wgsl/words.ts";

/**
 * Words that no identifier may be: WGSL's keywords and reserved words (WGSL specification, sections 16.1 and 16.2)
 * and its predeclared names, JavaScript's, and what the printers themselves write.
 */
// deno-fmt-ignore
const RESERVED = new Set([
  // WGSL's keywords
  "alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if",
  "let loop override requires return struct switch true var while",
  // WGSL's reserved words
  "NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class",
  "co_await co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval",
  "constexpr constinit crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export",
  "extends extern external fallthrough filter final finally friend from fxgroup get goto groupshared highp impl",
  "implements import inline instanceof interface layout lowp macro macro_rules match mediump meta mod module move mut",
  "mutable namespace new nil noexcept noinline nointerpolation non_coherent noncoherent noperspective null nullptr of",
  "operator package packoffset partition pass patch pixelfragment precise precision premerge priv protected pub public",
  "readonly ref regardless register reinterpret_cast require resource restrict self set shared sizeof smooth snorm",
  "static static_assert static_cast std subroutine super target template this thread_local throw trait try type",
  "typedef typeid typename typeof union unless unorm unsafe unsized use using varying virtual volatile wgsl where with",
  "writeonly yield binding_array",
  // JavaScript's
  "void function undefined NaN Infinity Math Object Array Function globalThis eval arguments in private DataView",
  "ArrayBuffer",
  // The printers' own
  "from_bits floormod half round toF16 word float fromBf16 toBf16",
  "main wid lid num shape Shape grid_x dot4 erf buffers uniforms",
  "grid thread threads t x y z",
  ...WGSL_WORDS,
].flatMap((line) => line.split(" ")));

/** Names of the printers' functions for each type, `sin_f32`, `i32x4_of_f32x4`, `i8_lanes`; and of JavaScript's arrays. */
const HELPERS =
  /^((abs|atan|cos|erf|exp2|float_of|is_nan|log2|pow|round|sin|tanh|\w+_of)_(bool|[fiu](16|32))(x[24])?|(i8|u8|bf16)_(of|lanes|word|bits)|floor(div|mod)_\d|\w+\dArray)$/;

function isReserved(name: string): boolean {
  return RESERVED.has(name) || HELPERS.test(name);
}

/** Gives identifiers; the same object always gets the same one. */
export class Names {
  readonly #given = new Map<Var | Buffer, string>();
  readonly #used = new Set<string>();
  /** The next number to try for a name: elements of one array have similar names. */
  readonly #next = new Map<string, number>();

  /** Gives the identifier of a variable or buffer. */
  of(x: Var | Buffer): string {
    let name = this.#given.get(x);
    if (name === undefined) {
      name = this.fresh(x.name);
      this.#given.set(x, name);
    }
    return name;
  }

  /** Gives an identifier like `wanted` that nothing else has. */
  fresh(wanted: string): string {
    const base = identifier(wanted);
    for (let k = this.#next.get(base) ?? 0;; k++) {
      const name = k === 0 ? base : `${base}_${k}`;
      if (this.#used.has(name) || isReserved(name)) continue;
      this.#next.set(base, k + 1);
      this.#used.add(name);
      return name;
    }
  }
}

/** Replaces everything but ASCII letters, digits and underscores in a name, and avoids reserved words. */
export function identifier(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^_+/, "").slice(0, 60);
  const safe = /^[A-Za-z]/.test(plain) && !WGSL_FAMILIES.test(plain) ? plain : `v_${plain}`;
  return isReserved(safe) ? `${safe}_` : safe;
}
