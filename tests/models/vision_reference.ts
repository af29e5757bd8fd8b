/** The operators of vision models in float64, in the layout NHWC: the reference of whole models. */
import { assert } from "@std/assert";
import type { Graph } from "../../lib/relax/graph.ts";
import { type Form, isOptions, type OpCall, type Slot, type Value } from "../../lib/relax/value.ts";

type Array64 = Float64Array<ArrayBuffer>;

/** A tensor of images or of vectors. */
interface Whole {
  readonly shape: readonly number[];
  readonly data: Array64;
}

/** Computes a graph's outputs in float64. */
export function inFloat64(
  g: Graph,
  arrays: Readonly<Record<string, Float32Array>>,
): Record<string, Array64> {
  const values = new Map<Value, Whole>();
  for (const v of [...g.inputs, ...g.weights]) {
    values.set(v, { shape: shapeOf(v), data: Float64Array.from(arrays[v.name] as Float32Array) });
  }
  for (const { call, results } of g.bindings) {
    assert(call.kind === "op");
    const data = applied(call, call.args.map((v) => values.get(v) as Whole), results[0] as Value);
    values.set(results[0] as Value, { shape: shapeOf(results[0] as Value), data });
  }
  return Object.fromEntries(
    Object.entries(g.outputs).map(([name, v]) => [name, values.get(v)?.data as Array64]),
  );
}

function shapeOf(v: Value): readonly number[] {
  return v.type.shape.map((d) => d.kind === "const" ? d.value : NaN);
}

function applied(call: OpCall, args: readonly Whole[], result: Value): Array64 {
  const [a, b] = args as [Whole, Whole], options = call.form.find(isOptions) ?? {};
  const of = (f: Form) => args[(f as Slot).index]?.data as Array64;
  switch (call.op) {
    case "conv2d":
      return slid(shapeOf(result), options, convolved(a, b, Number(options.groups ?? 1)));
    case "maxPool2d":
      return slid(shapeOf(result), options, largest(a, Number(options.kernel)));
    case "batchNorm": {
      const [gamma, beta] = [call.form[1], call.form[2]].map(of) as [Array64, Array64];
      const { mean, variance } = call.form[3] as { readonly mean: Form; readonly variance: Form };
      const [m, v] = [of(mean), of(variance)];
      return a.data.map((x, k) => {
        const c = k % m.length;
        return (x - (m[c] as number)) / Math.sqrt((v[c] as number) + 1e-5) * (gamma[c] as number) +
          (beta[c] as number);
      });
    }
    case "relu":
      return a.data.map((x) => Math.max(0, x));
    case "clip":
      return a.data.map((x) => Math.min(6, Math.max(0, x)));
    case "add":
      return a.data.map((x, k) => x + (b.data[k] as number));
    case "globalAvgPool2d":
      return averaged(a);
    case "linear": {
      const [n, k] = b.shape as [number, number], bias = of(options.bias);
      return new Float64Array(n).map((_, i) => {
        let sum = bias[i] as number;
        for (let j = 0; j < k; j++) sum += (a.data[j] as number) * (b.data[i * k + j] as number);
        return sum;
      });
    }
    default:
      throw new Error(`no reference of ${call.op}`);
  }
}

/** What one position of a channel is, of the window that begins at y, x. */
type AtWindow = (n: number, y: number, x: number, channel: number) => number;

function slid(
  [batch = 1, rows = 1, columns = 1, channels = 1]: readonly number[],
  { stride = 1, padding = 0 }: { readonly [name: string]: Form },
  at: AtWindow,
): Array64 {
  const out = new Float64Array(batch * rows * columns * channels),
    step = Number(stride),
    before = Number(padding);
  let k = 0;
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        for (let c = 0; c < channels; c++) out[k++] = at(n, y * step - before, x * step - before, c);
      }
    }
  }
  return out;
}

function convolved({ shape, data }: Whole, w: Whole, groups: number): AtWindow {
  const [, rows, columns, channels] = shape as [number, number, number, number];
  const [kh, kw, own, filters] = w.shape as [number, number, number, number];
  return (n, y, x, f) => {
    const first = Math.floor(f / (filters / groups)) * own;
    let sum = 0;
    for (let i = Math.max(0, -y); i < Math.min(kh, rows - y); i++) {
      for (let j = Math.max(0, -x); j < Math.min(kw, columns - x); j++) {
        const from = ((n * rows + y + i) * columns + x + j) * channels + first, filter = (i * kw + j) * own;
        for (let c = 0; c < own; c++) {
          sum += (data[from + c] as number) * (w.data[(filter + c) * filters + f] as number);
        }
      }
    }
    return sum;
  };
}

function largest({ shape, data }: Whole, kernel: number): AtWindow {
  const [, rows, columns, channels] = shape as [number, number, number, number];
  return (n, y, x, c) => {
    let most = -Infinity;
    for (let i = Math.max(0, -y); i < Math.min(kernel, rows - y); i++) {
      for (let j = Math.max(0, -x); j < Math.min(kernel, columns - x); j++) {
        most = Math.max(most, data[((n * rows + y + i) * columns + x + j) * channels + c] as number);
      }
    }
    return most;
  };
}

function averaged({ shape, data }: Whole): Array64 {
  const [batch, rows, columns, channels] = shape as [number, number, number, number], size = rows * columns;
  const out = new Float64Array(batch * channels);
  data.forEach((x, k) => {
    const at = Math.floor(k / (size * channels)) * channels + k % channels;
    out[at] = (out[at] as number) + x / size;
  });
  return out;
}
