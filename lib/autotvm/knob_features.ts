import type { ConfigSpace } from "../space/config_space.ts";
import type { Knob } from "../space/knob.ts";

/** One column: its name, and its value for each candidate of its knob. */
interface Column {
  readonly name: string;
  readonly values: Float64Array;
}

/**
 * A configuration's knobs as numbers. A split gives log2 of each factor, the derived one included if the extent is
 * known. A numeric choice gives log2(1 + x), and the number of its factors of two where not all are powers of two. An
 * order gives the place of each loop. Any other candidate has a column of its own.
 */
export class KnobFeatures {
  readonly names: readonly string[];
  /** The least value of each column, and its range; 1 for a constant column. */
  readonly lows: readonly number[];
  readonly spans: readonly number[];
  readonly #space: ConfigSpace;
  readonly #columns: readonly (readonly Column[])[];

  constructor(space: ConfigSpace) {
    this.#space = space;
    this.#columns = space.knobs.map(columnsOf);
    const columns = this.#columns.flat();
    this.names = columns.map((c) => c.name);
    this.lows = columns.map((c) => Math.min(...c.values));
    this.spans = columns.map((c) => Math.max(...c.values) - Math.min(...c.values) || 1);
  }

  of(index: number): Float64Array {
    const digits = this.#space.digits(index);
    const out = new Float64Array(this.names.length);
    let at = 0;
    this.#columns.forEach((columns, i) => {
      for (const c of columns) out[at++] = c.values[digits[i] ?? 0] ?? 0;
    });
    return out;
  }
}

function columnsOf(knob: Knob): readonly Column[] {
  switch (knob.kind) {
    case "split": {
      const inner = Array.from({ length: knob.parts - 1 }, (_, part) => ({
        name: `${knob.name}.${part + 1}`,
        values: Float64Array.from(knob.candidates, (c) => Math.log2(c[part] ?? 1)),
      }));
      const whole = Math.log2(knob.extent ?? 1);
      const outer = inner.reduce(
        (left, part) => left.map((x, i) => x - (part.values[i] ?? 0)),
        Float64Array.from(knob.candidates, () => whole),
      );
      return knob.extent === null ? inner : [{ name: `${knob.name}.0`, values: outer }, ...inner];
    }
    case "choice":
      if (knob.candidates.every((c) => typeof c === "number")) {
        const size = { name: knob.name, values: Float64Array.from(knob.candidates, signedLog) };
        const twos = { name: `${knob.name}.twos`, values: Float64Array.from(knob.candidates, twosOf) };
        const tells = !knob.candidates.every(isPowerOfTwo) && new Set(twos.values).size > 1;
        return tells ? [size, twos] : [size];
      }
      return knob.candidates.map((c, i) => ({
        name: `${knob.name}=${c}`,
        values: Float64Array.from(knob.candidates, (_, j) => (i === j ? 1 : 0)),
      }));
    case "flag":
      return [{ name: knob.name, values: Float64Array.from(knob.candidates, Number) }];
    case "reorder":
      return (knob.candidates[0] ?? []).map((loop) => ({
        name: `${knob.name}.${loop}`,
        values: Float64Array.from(knob.candidates, (order) => order.indexOf(loop)),
      }));
    case "annotate":
      return (knob.candidates[0] ?? []).flatMap((_, i) =>
        (["unroll", "vectorize"] as const).map((how) => ({
          name: `${knob.name}.${i}=${how}`,
          values: Float64Array.from(knob.candidates, (c) => (c[i] === how ? 1 : 0)),
        }))
      );
    default:
      return knob satisfies never;
  }
}

function signedLog(x: string | number): number {
  const v = Number(x);
  return Math.sign(v) * Math.log2(1 + Math.abs(v));
}

/** Powers of two, 0 among them: their size says all. */
function isPowerOfTwo(x: string | number): boolean {
  const v = Math.abs(Number(x));
  return v === 0 || Number.isInteger(Math.log2(v));
}

/** The number of factors of two in an integer, on which alignment depends; 0 for other numbers. */
function twosOf(x: string | number): number {
  let v = Math.abs(Number(x)), twos = 0;
  if (v === 0 || !Number.isSafeInteger(v)) return 0;
  for (; v % 2 === 0; v /= 2) twos++;
  return twos;
}
