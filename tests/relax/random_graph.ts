/** Random graphs: diamonds, many outputs, symbolic dimensions, over operators of each kind. */
import fc from "fast-check";
import { type BlockBuilder, graph } from "../../lib/relax/builder.ts";
import type { Graph } from "../../lib/relax/graph.ts";
import type { Value } from "../../lib/relax/value.ts";
import type { Shapes } from "../../lib/ir/shapes.ts";

/** One call: what it does, and which values it takes, counted from the latest one. */
interface Move {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

/** A graph with values for its shape variables and arrays for its parameters. */
export interface GraphCase {
  readonly graph: Graph;
  readonly shapes: Shapes;
  readonly arrays: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
}

const SIZES = [1, 3, 4, 8];

/** A graph of up to twelve calls on matrices of n rows. */
export const arbGraph: fc.Arbitrary<GraphCase> = fc.record({
  moves: fc.array(
    fc.record({ kind: fc.nat(12), a: fc.nat(4), b: fc.nat(4), size: fc.nat(3) }),
    { minLength: 1, maxLength: 12 },
  ),
  rows: fc.integer({ min: 1, max: 5 }),
  symbolic: fc.boolean(),
  outputs: fc.array(fc.nat(6), { maxLength: 2 }),
  seed: fc.nat(2 ** 30),
}).map(({ moves, rows, symbolic, outputs, seed }) => {
  const n = symbolic ? "n" : rows;
  const made = graph("random", (b) => {
    const values: Value[] = [b.input("x", [n, 4]), b.input("z", [n, 8])];
    moves.forEach((move, k) => {
      const made = applied(b, values, move, k);
      const gone = move.kind === 12 ? values.at(-1 - move.a % values.length) : undefined;
      // What is updated in place can't be used any more.
      values.forEach((v, at) => v === gone && values.splice(at, 1, made));
      values.push(made);
    });
    const last = values.at(-1) as Value;
    const others = outputs.map((back, k) => [`o${k}`, values.at(-2 - back)] as const)
      .filter(([, v]) => v !== undefined && v.origin.kind === "result");
    return { y: last, ...Object.fromEntries(others) } as Record<string, Value>;
  });
  return { graph: made, shapes: symbolic ? { n: rows } : {}, arrays: arraysOf(made, rows, seed) };
});

function applied(
  b: BlockBuilder,
  values: readonly Value[],
  { kind, a, b: back, size }: Move,
  k: number,
): Value {
  const x = values.at(-1 - a % values.length) as Value;
  const columns = (v: Value) => {
    const d = v.type.shape.at(-1);
    return d?.kind === "const" ? d.value : 1;
  };
  const same = values.filter((v) => columns(v) === columns(x));
  const y = same.at(-1 - back % same.length) as Value;
  const width = SIZES[size] as number;
  switch (kind) {
    case 0:
      return b.relu(x);
    case 1:
      return b.gelu(x, { approximate: size > 1 ? "tanh" : "none" });
    case 2:
      return b.silu(x);
    case 3:
      return b.add(x, y);
    case 4:
      return b.mul(x, y);
    case 5:
      return b.add(x, b.weight(`b${k}`, [columns(x)]));
    case 6:
      return b.softmax(x);
    case 7:
      return b.rmsNorm(x, b.weight(`g${k}`, [columns(x)]));
    case 8:
      return b.matmul(x, b.transpose(b.weight(`t${k}`, [width, columns(x)])));
    case 9:
      return b.add(x, b.constant(`c${k}`, new Float32Array(columns(x)).fill(0.5), [columns(x)]));
    case 10:
      return b.linear(b.add(x, y), b.weight(`w${k}`, [width, columns(x)]));
    case 12: {
      const some = Math.min(2, columns(x));
      const at = b.constant(`p${k}`, new Int32Array([columns(x) - 1, 0]).slice(0, some), [some]);
      const rows = b.linear(y, b.weight(`u${k}`, [some, columns(y)]));
      return b.scatterUpdate(x, rows, at, { axis: 1 });
    }
    default:
      return b.linear(x, b.weight(`w${k}`, [width, columns(x)]));
  }
}

function arraysOf(g: Graph, rows: number, seed: number): GraphCase["arrays"] {
  let state = seed | 1;
  const next = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 31 - 1;
  return Object.fromEntries([...g.inputs, ...g.weights].map((v) => {
    const size = v.type.shape.reduce((n, d) => n * (d.kind === "const" ? d.value : rows), 1);
    return [v.name, new Float32Array(size).map(next)];
  }));
}
