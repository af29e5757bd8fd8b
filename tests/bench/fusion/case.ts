/** What fusion cases are made of. */
import type { Shapes } from "../../../lib/ir/shapes.ts";
import type { BlockBuilder } from "../../../lib/relax/builder.ts";
import type { Value } from "../../../lib/relax/value.ts";

export type Outputs = Readonly<Record<string, Value>>;

/** An operator with what is around it in a graph, and the rules of the functions that fusion makes of them. */
export interface FusionCase {
  readonly name: string;
  readonly make: (b: BlockBuilder) => Outputs;
  readonly shapes?: Shapes;
  /** The rules of the functions, in order: one where all is fused. */
  readonly rules: readonly string[];
}

/** Sizes of all cases: those of a benchmark, or small ones for tests. */
export interface Sizes {
  /** Elements of a token, and tokens. */
  readonly d: number;
  readonly rows: number;
  /** Channels and sides of images. */
  readonly channels: number;
  readonly side: number;
  /** Columns of long rows, and elements of long vectors. */
  readonly long: number;
}

export const BENCH_SIZES: Sizes = { d: 256, rows: 32, channels: 32, side: 28, long: 4096 };
export const TEST_SIZES: Sizes = { d: 64, rows: 12, channels: 8, side: 10, long: 320 };

/** What follows from an operator's result. */
export type Then = (b: BlockBuilder, y: Value) => Value | Outputs;

/** The results of what follows. */
export function outputsOf(b: BlockBuilder, y: Value, then: Then): Outputs {
  const made = then(b, y);
  return "origin" in made ? { y: made as Value } : made as Outputs;
}

let numbers = 0;

/** A number as a tensor of one element. */
export function number(b: BlockBuilder, value: number): Value {
  return b.constant(`number${numbers++}`, new Float32Array([value]), [1]);
}

/** A matrix of weights in 4 bits. */
export function packed(b: BlockBuilder, n: number, k: number): Value {
  const words = b.weight("w_q", [n, k / 8], "u32");
  return b.dequantizeQ4(words, b.weight("w_scale", [n, k / 32]), { k });
}

/** Adds a tensor of its shape, as models add what a layer was given. */
export function residual(b: BlockBuilder, y: Value): Value {
  return b.add(y, b.input("residual", y.type.shape));
}
