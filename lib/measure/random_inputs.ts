/** Makes random inputs for a program, the same for the same seed. */
import { ownValue } from "../base/own_value.ts";
import { type Domain, intervalOf } from "../ir/domain.ts";
import { IrError } from "../ir/error.ts";
import { isFloat, RANGE, type StorageType } from "../ir/dtype.ts";
import { bf16OfFloats, storageOf } from "../ir/stored.ts";
import type { Buffer, Expr } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import { inputsOf } from "../ir/parameters.ts";
import type { Shapes } from "../runtime/arguments.ts";
import { type TypedArray, zeros } from "../runtime/arrays.ts";

/** The values that an input is drawn from: from `from` on, below `below`. */
export interface InputRange {
  /** The least value. Default: 0. */
  readonly from?: number;
  /** The values are below this. */
  readonly below: number;
}

/** Inputs by parameter name: arrays, row-major, or what to draw them from. */
export type GivenInputs = Readonly<Record<string, TypedArray | InputRange>>;

/** Tells a range from an array. */
export function isRange(given: TypedArray | InputRange): given is InputRange {
  return !ArrayBuffer.isView(given);
}

/** How inputs are drawn. */
export interface DrawOptions {
  /** Ranges of parameters, by name, in place of those that the program declares. Default: none. */
  readonly ranges?: Readonly<Record<string, InputRange>>;
  /**
   * True for the second set: integers over all that their dtype or range has, floats over several magnitudes, and among
   * them ends of the range, ties, and zeros of both signs. Default: false.
   */
  readonly wide?: boolean;
}

/**
 * Random arguments by name: floats uniform in [-1, 1), u32 any word (packed weights are words), i32 in
 * [-100, 100), bool 0 or 1. A parameter with a range, or one that the program declares, is uniform in it.
 *
 * @throws {IrError} for a range that has no value of its parameter's dtype
 */
export function randomInputs(
  func: PrimFunc,
  seed: number,
  shapes: Shapes = {},
  { ranges = {}, wide = false }: DrawOptions = {},
): Record<string, TypedArray> {
  return Object.fromEntries(
    inputsOf(func).map((b, k) => {
      const domain = ownValue(ranges, b.name) ?? ownValue(func.domains, b.name);
      return [
        b.name,
        randomArray(b, { seed: seed * 7919 + k + 1 + (wide ? 104_729 : 0), shapes, domain, wide }),
      ];
    }),
  );
}

/**
 * The arrays that are given, and random ones for all other inputs.
 *
 * @throws {IrError} for a range that has no value of its parameter's dtype
 */
export function drawInputs(
  func: PrimFunc,
  seed: number,
  shapes: Shapes,
  given: GivenInputs,
  wide = false,
): Record<string, TypedArray> {
  const arrays: Record<string, TypedArray> = {}, ranges: Record<string, InputRange> = {};
  for (const [name, input] of Object.entries(given)) {
    if (isRange(input)) ranges[name] = input;
    else arrays[name] = input;
  }
  return { ...randomInputs(func, seed, shapes, { ranges, wide }), ...arrays };
}

/** The random elements of one tensor, in its domain if it has one. */
export function randomArray(
  b: Drawn,
  { seed, shapes, domain, wide = false }: {
    readonly seed: number;
    readonly shapes: Shapes;
    readonly domain?: Domain | undefined;
    readonly wide?: boolean;
  },
): TypedArray {
  const type = storageOf(b), next = xorshift(seed);
  const array = zeros(type === "bf16" ? "f32" : type, elements(b, shapes));
  const draw = domain ? drawIn(b, domain, shapes, wide) : (wide ? WIDE : DRAW)[type];
  for (let i = 0; i < array.length; i++) array[i] = draw(next(), next);
  if (domain && "distinct" in domain && domain.distinct) makeDistinct(array, b, domain, shapes, next);
  return type === "bf16" ? bf16OfFloats(array) : array;
}

/** What a tensor has that is drawn. */
type Drawn = Pick<Buffer, "name" | "dtype" | "shape" | "stored">;

/** Replaces elements by different values of their domain, in random order. */
function makeDistinct(
  array: TypedArray,
  b: Drawn,
  domain: Domain,
  shapes: Shapes,
  next: () => number,
): void {
  const { from, below } = intervalOf(b.name, b.dtype, domain, shapes), size = below - from;
  if (size < array.length) {
    throw new IrError(
      `expected ${array.length} different values, got a range of ${size}, drawing input ${b.name}`,
    );
  }
  // A shuffle that keeps only what has moved.
  const moved = new Map<number, number>();
  for (let i = 0; i < array.length; i++) {
    const k = i + next() % (size - i);
    array[i] = from + (moved.get(k) ?? k);
    moved.set(k, moved.get(i) ?? i);
  }
}

/** Elements of a buffer for given shapes. */
export function elements(b: Pick<Buffer, "shape">, shapes: Shapes): number {
  return b.shape.reduce<number>((n, d: Expr) => n * evaluate(exprToJson(d), shapes), 1);
}

type Draw = (word: number, next: () => number) => number;

const DRAW: Readonly<Record<StorageType, Draw>> = {
  f32: (w) => w / 2 ** 31 - 1,
  f16: (w) => w / 2 ** 31 - 1,
  u32: (w) => w,
  i32: (w) => (w % 200) - 100,
  bool: (w) => w >>> 31,
  i8: (w) => (w >>> 24) - 128,
  u8: (w) => w >>> 24,
  bf16: (w) => w / 2 ** 31 - 1,
};

/** Magnitudes of the second set, as powers of two: products of some of them fit in f16. */
const POWERS = { f32: [-10, 8], f16: [-6, 4] } as const;
const TIES = [1, -1, 2, -2, 0.5, -0.5, 3, -3] as const;

function wideFloat([low, high]: readonly [number, number]): Draw {
  return (w, next) => {
    switch (w >>> 28) {
      case 0:
        return 0;
      case 1:
        return -0;
      case 2:
      case 3:
        return TIES[w & 7] as number;
      default: {
        const power = low + (next() / 2 ** 32) * (high - low);
        return (w & 1 ? -1 : 1) * 2 ** power;
      }
    }
  };
}

function wideInteger([low, high]: readonly [number, number]): Draw {
  const ends = [low, high, 0, 1, -1, low + 1, high - 1, 2].filter((x) => x >= low && x <= high);
  return (w, next) => {
    switch (w >>> 29) {
      case 0:
        return ends[w % ends.length] as number;
      case 1:
        // Small ones, many of them alike.
        return Math.max(low, (w % 65) - 32);
      default:
        return low + next();
    }
  };
}

const WIDE: Readonly<Record<StorageType, Draw>> = {
  f32: wideFloat(POWERS.f32),
  f16: wideFloat(POWERS.f16),
  u32: wideInteger(RANGE.u32),
  i32: wideInteger(RANGE.i32),
  bool: DRAW.bool,
  i8: DRAW.i8,
  u8: DRAW.u8,
  bf16: wideFloat(POWERS.f32),
};

/** Draws from a range: uniformly, and in the second set often its ends. */
function drawIn(b: Drawn, domain: Domain, shapes: Shapes, wide: boolean): Draw {
  const { from, below } = intervalOf(b.name, b.dtype, domain, shapes);
  const float = isFloat(b.dtype), size = below - from;
  const last = float ? below - size * 2 ** -12 : below - 1;
  const uniform = (w: number) =>
    float ? from + (w / 2 ** 32) * size : from + Math.floor((w / 2 ** 32) * size);
  if (!wide) return uniform;
  // A quotient of powers, so that a range of positive numbers shows all of its magnitudes.
  const scaled = (w: number, next: () => number) => {
    const x = from + size * 2 ** (-16 * (w & 0xffff) / 2 ** 16);
    return x < below ? x : uniform(next());
  };
  return (w, next) => {
    switch (w >>> 29) {
      case 0:
        return w & 1 ? from : last;
      case 1:
        return float ? scaled(w, next) : uniform(next());
      default:
        return uniform(next());
    }
  };
}

/** Marsaglia's xorshift32: simple and fast, which is enough for test data. */
function xorshift(seed: number): () => number {
  let x = (Math.imul(seed, 2654435761) ^ 0x9e3779b9) >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>>= 0;
  };
}
