/** Functions of WGSL on words that hold several elements: bytes, or halves of f32. */
import type { StoredType } from "../../ir/dtype.ts";
import { STORED } from "../../ir/stored.ts";
import type { Helper } from "./bit_helpers.ts";

/** The element in a word's lane. */
export function elementHelper(stored: StoredType): Helper {
  const name = `${stored}_of`, bits = 32 / STORED[stored].perWord, { dtype } = STORED[stored];
  const low = `word >> (${bits}u * u32(lane))`;
  const value = {
    u8: `(${low}) & 255u`,
    // The sign is where that of i32 is, and moves down with it.
    i8: `bitcast<i32>((${low}) << 24u) >> 24u`,
    bf16: `bitcast<f32>((${low}) << 16u)`,
  }[stored];
  return { name, source: `fn ${name}(word: u32, lane: i32) -> ${dtype} { return ${value}; }`, calls: [] };
}

/** Four elements: those of one word, or of two words of halves. */
export function lanesHelper(stored: StoredType): Helper {
  const name = `${stored}_lanes`, { dtype } = STORED[stored];
  const takes = stored === "bf16" ? "a: u32, b: u32" : "word: u32";
  const value = {
    u8: "(vec4<u32>(word) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(255u)",
    i8: "bitcast<vec4<i32>>(vec4<u32>(word) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u)",
    bf16: "bitcast<vec4<f32>>(vec4<u32>(a << 16u, a & 0xffff0000u, b << 16u, b & 0xffff0000u))",
  }[stored];
  return { name, source: `fn ${name}(${takes}) -> vec4<${dtype}> { return ${value}; }`, calls: [] };
}

/** The upper half of an f32's bits, rounded: a tie to the even one. NaN stays one. */
const HALF: Helper = {
  name: "bf16_bits",
  source: [
    "fn bf16_bits(x: f32) -> u32 {",
    "  let bits = bitcast<u32>(x);",
    "  let none = (bits & 0x7fffffffu) > 0x7f800000u;",
    "  return select((bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u, 0x7fc0u, none);",
    "}",
  ].join("\n"),
  calls: [],
};

/** The bits of an element, the lowest of a word. */
function bitsOf(stored: StoredType, x: string): string {
  return stored === "bf16" ? `${HALF.name}(${x})` : `${stored === "i8" ? `bitcast<u32>(${x})` : x} & 255u`;
}

/** A word of elements. */
export function wordHelper(stored: StoredType): Helper {
  const name = `${stored}_word`, { perWord, dtype } = STORED[stored];
  const parts = Array.from({ length: perWord }, (_, k) => {
    const bits = `(${bitsOf(stored, `x.${"xyzw".charAt(k)}`)})`;
    return k === 0 ? bits : `(${bits} << ${k * 32 / perWord}u)`;
  });
  return {
    name,
    source: `fn ${name}(x: vec${perWord}<${dtype}>) -> u32 { return ${parts.join(" | ")}; }`,
    calls: stored === "bf16" ? [HALF] : [],
  };
}

/**
 * Stores one element of a word whose others belong to other threads: it clears the bits, then sets them.
 *
 * @param name the function's name
 * @param buffer the name of the buffer, of atomic words
 */
export function storeHelper(stored: StoredType, name: string, buffer: string): Helper {
  const { perWord, dtype } = STORED[stored], bits = 32 / perWord;
  return {
    name,
    source: [
      `fn ${name}(at: i32, x: ${dtype}) {`,
      `  let bit = ${bits}u * u32(at & ${perWord - 1});`,
      `  let word = at >> ${perWord / 2}u;`,
      `  atomicAnd(&${buffer}[word], ~(${2 ** bits - 1}u << bit));`,
      `  atomicOr(&${buffer}[word], (${bitsOf(stored, "x")}) << bit);`,
      "}",
    ].join("\n"),
    calls: stored === "bf16" ? [HALF] : [],
  };
}
