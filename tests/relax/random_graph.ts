/** Random graphs: diamonds, many outputs, tuples, symbolic dimensions, over operators of each kind. */
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

/** The most columns of a value. */
const WIDEST = 16;

/** The kinds of moves. */
const KINDS = 27;

/** The kind of move that updates a value in place. */
const UPDATES = 25;

/** A graph of up to twelve calls on matrices of n rows. */
export const arbGraph: fc.Arbitrary<GraphCase> = fc.record({
  moves: fc.array(
    fc.record({ kind: fc.nat(KINDS - 1), a: fc.nat(4), b: fc.nat(4), size: fc.nat(3) }),
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
      const made = [applied(b, values, move, k)].flat();
      const gone = move.kind === UPDATES ? values.at(-1 - move.a % values.length) : undefined;
      // What is updated in place can't be used any more.
      values.forEach((v, at) => v === gone && values.splice(at, 1, ...made));
      values.push(...made);
    });
    const last = values.at(-1) as Value;
    const others = outputs.map((back, k) => [`o${k}`, values.at(-2 - back)] as const)
      .filter(([, v]) => v !== undefined && v.origin.kind === "result");
    return { y: last, ...Object.fromEntries(others) } as Record<string, Value>;
  });
  return { graph: made, shapes: symbolic ? { n: rows } : {}, arrays: arraysOf(made, rows, seed) };
});

const columns = (v: Value): number => {
  const d = v.type.shape.at(-1);
  return d?.kind === "const" ? d.value : 1;
};

function applied(b: BlockBuilder, values: readonly Value[], move: Move, k: number): Value | readonly Value[] {
  const x = values.at(-1 - move.a % values.length) as Value;
  const same = values.filter((v) => columns(v) === columns(x));
  const y = same.at(-1 - move.b % same.length) as Value;
  return move.kind < 12 ? mapped(b, x, y, move, k) : moved(b, x, y, values.at(-1) as Value, move, k);
}

/** Maps, norms and products. */
function mapped(b: BlockBuilder, x: Value, y: Value, { kind, size }: Move, k: number): Value {
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
    default:
      return b.linear(x, b.weight(`w${k}`, [width, columns(x)]));
  }
}

/** What moves elements, has several results, or stands for a part of a model. */
function moved(
  b: BlockBuilder,
  x: Value,
  y: Value,
  other: Value,
  { kind, size }: Move,
  k: number,
): Value | readonly Value[] {
  const width = SIZES[size] as number, c = columns(x), [n] = x.type.shape as [Value["type"]["shape"][number]];
  const weight = (name: string, ...shape: readonly number[]) => b.weight(`${name}${k}`, shape);
  switch (kind) {
    case 12:
      return c + columns(other) > WIDEST ? b.neg(x) : b.concat([x, other], { axis: 1 });
    case 13:
      return b.slice(x, { begin: [Math.min(size, c - 1)], axes: [1] });
    case 14:
      return c % 2 === 0 ? b.split(x, { sections: 2, axis: 1 }) : b.neg(x);
    case 15:
      return Object.values(b.addRmsNorm(x, y, weight("g", c)));
    case 16:
      return b.topK(x, Math.min(c, width), { axis: 1 }).values;
    case 17:
      return b.where(b.greater(x, y), x, y);
    case 18:
      return b.clip(x, { min: -1, max: 1 });
    case 19:
      return c % 2 === 0
        ? b.reshape(b.permuteDims(b.reshape(x, [n, 2, c / 2]), { axes: [0, 2, 1] }), [n, c])
        : b.flatten(x);
    case 20:
      return b.mul(b.silu(b.linear(x, weight("gate", width, c))), b.linear(x, weight("up", width, c)));
    case 21:
      return b.sub(x, b[size > 1 ? "reduceMax" : "reduceMean"](x, { axis: 1, keepDims: true }));
    case 22:
      return b.matmul(b.softmax(b.matmul(x, y, { transposeB: true })), y);
    case 23:
      return c % 4 === 0 ? picture(b, x, k, size > 1) : b.abs(x);
    case 24: {
      if (size > 1) return b.cumSum(x, { axis: 1 });
      // Two updates of the first row, and one outside of x.
      const at = b.constant(`r${k}`, new Int32Array([0, 0, 1000]), [3, 1]);
      return b.scatterND(x, at, weight("v", 3, c), { reduction: size === 1 ? "add" : "max" });
    }
    case UPDATES: {
      const some = Math.min(2, c);
      const at = b.constant(`p${k}`, new Int32Array([c - 1, 0]).slice(0, some), [some]);
      return b.scatterUpdate(x, b.linear(y, weight("u", some, columns(y))), at, { axis: 1 });
    }
    default:
      return b.linear(x, b.mul(weight("w", width, c), weight("s", width, 1)), { bias: weight("b", width) });
  }
}

/** Rows as pictures of two by two, convolved and normed. */
function picture(b: BlockBuilder, x: Value, k: number, pools: boolean): Value {
  const [n] = x.type.shape as [Value["type"]["shape"][number]], channels = columns(x) / 4;
  const images = b.reshape(x, [n, channels, 2, 2]);
  const sums = b.conv2d(images, b.weight(`f${k}`, [2, channels, 3, 3]), { padding: 1 });
  const [gamma, beta, mean, root] = ["gamma", "beta", "mean", "root"].map((name) =>
    b.weight(`${name}${k}`, [2])
  ) as [
    Value,
    Value,
    Value,
    Value,
  ];
  // Every other norm is a product and a sum, as many files have it.
  const each = (v: Value) => b.reshape(v, [2, 1, 1]);
  const normed = k % 2 === 0
    ? b.batchNorm(sums, gamma, beta, { mean, variance: b.exp(root) })
    : b.add(b.mul(b.sub(sums, each(mean)), each(b.exp(root))), each(beta));
  const y = b.relu(normed);
  return pools ? b.globalAvgPool2d(y) : b.reshape(y, [n, 8]);
}

function arraysOf(g: Graph, rows: number, seed: number): GraphCase["arrays"] {
  let state = seed | 1;
  const next = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 2 ** 31 - 1;
  return Object.fromEntries([...g.inputs, ...g.weights].map((v) => {
    const size = v.type.shape.reduce((n, d) => n * (d.kind === "const" ? d.value : rows), 1);
    return [v.name, new Float32Array(size).map(next)];
  }));
}
