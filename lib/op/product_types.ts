import { TeError } from "../te/error.ts";
import { type Q4Layout, typeOf } from "./dequantize_q4.ts";

/** The options of a product's program that decide its operands' type. */
interface Asked {
  readonly dtype?: "f32" | "f16" | "i8";
  readonly weights?: Q4Layout;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/**
 * Gives the type that a product's operands have in its program: u32 words of four bytes for i8, and f16 beside weights
 * that are decoded to f16.
 *
 * @throws {TeError} for options that 4-bit weights exclude
 */
export function operandType(operator: string, { dtype, weights, transposeB }: Asked): "f32" | "f16" | "u32" {
  const refuse = (what: string, why: string) => {
    throw new TeError(`expected no ${what} beside weights = ${weights} in ${operator}: ${why}`);
  };
  if (weights === undefined) return dtype === "i8" ? "u32" : dtype ?? "f32";
  if (dtype === "i8") refuse("dtype = i8", "4-bit weights are decoded to floats; leave one of the two out");
  if (transposeB === false) refuse("transposeB = false", "4-bit weights are always [n, k]; leave it out");
  if (weights === "q4f16_1" && dtype === "f32") {
    refuse("dtype = f32", "they are decoded to f16; use q4f32_1, or out = f32 for the result alone");
  }
  return dtype === "f16" ? "f16" : typeOf(weights);
}
