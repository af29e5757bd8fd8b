/** Vision models as peers have them: layers with batch norms folded into filters, and activations into layers. */
import type { Graph } from "../../lib/relax/graph.ts";
import { type Form, isOptions, Slot, type Value } from "../../lib/relax/value.ts";

/** What ends a layer. */
export type After = "none" | "relu" | "relu6";

/** A layer, from the values `x` (and `z`) to the value `y`, by name. Images are NHWC. */
export type Layer =
  & { readonly x: string; y: string; after: After }
  & (
    | {
      readonly kind: "conv";
      /** [rows, columns, channels of a group, filters]. */
      readonly shape: readonly [number, number, number, number];
      readonly filters: Float32Array<ArrayBuffer>;
      readonly bias: Float32Array<ArrayBuffer>;
      readonly stride: number;
      readonly padding: number;
      readonly groups: number;
    }
    | { readonly kind: "add"; readonly z: string }
    | { readonly kind: "maxPool"; readonly kernel: number; readonly stride: number; readonly padding: number }
    | { readonly kind: "mean" }
    | {
      readonly kind: "linear";
      /** [classes, channels]. */
      readonly shape: readonly [number, number];
      readonly weight: Float32Array<ArrayBuffer>;
      readonly bias: Float32Array<ArrayBuffer>;
    }
  );

type Weights = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/**
 * Reads a vision model of `vision` as layers, with its weights.
 *
 * @throws {Error} for an operator that those models don't have
 */
export function layersOf(graph: Graph, weights: Weights): readonly Layer[] {
  const layers: Layer[] = [];
  const last = (y: string) => layers.find((l) => l.y === y) as Layer;
  for (const { call, results } of graph.bindings) {
    if (call.kind !== "op") throw new Error(`expected an operator, got ${call.kind}`);
    const { op, args, form } = call, [x, w, b] = args as readonly [Value, Value, Value];
    const y = (results[0] as Value).name,
      options = optionsIn(form),
      common = { x: x.name, y, after: "none" } as const;
    const number = (name: string, other: number) => typeof options[name] === "number" ? options[name] : other;
    switch (op) {
      case "conv2d":
        layers.push({
          kind: "conv",
          ...common,
          shape: extentsOf(w) as [number, number, number, number],
          filters: (weights[w.name] as Float32Array<ArrayBuffer>).slice(),
          bias: new Float32Array(extentsOf(w)[3] as number),
          stride: number("stride", 1),
          padding: number("padding", 0),
          groups: number("groups", 1),
        });
        break;
      case "batchNorm": {
        const [gamma, beta, mean, variance] = args.slice(1).map((v) => weights[v.name]) as [
          Float32Array,
          Float32Array,
          Float32Array,
          Float32Array,
        ];
        const conv = last(x.name);
        if (conv.kind !== "conv") {
          throw new Error(`expected a batch norm of a convolution, got one of ${conv.kind}`);
        }
        const scale = gamma.map((g, f) => g / Math.sqrt((variance[f] as number) + 1e-5)), { length } = scale;
        conv.filters.forEach((v, k) => conv.filters[k] = v * (scale[k % length] as number));
        conv.bias.forEach((_, f) =>
          conv.bias[f] = (beta[f] as number) - (mean[f] as number) * (scale[f] as number)
        );
        conv.y = y;
        break;
      }
      case "relu":
      case "clip":
        Object.assign(last(x.name), { y, after: op === "relu" ? "relu" : "relu6" });
        break;
      case "add":
        layers.push({ kind: "add", ...common, z: w.name });
        break;
      case "maxPool2d":
        layers.push({
          kind: "maxPool",
          ...common,
          kernel: number("kernel", 1),
          stride: number("stride", 1),
          padding: number("padding", 0),
        });
        break;
      case "globalAvgPool2d":
        layers.push({ kind: "mean", ...common });
        break;
      case "linear":
        layers.push({
          kind: "linear",
          ...common,
          shape: extentsOf(w) as [number, number],
          weight: weights[w.name] as Float32Array<ArrayBuffer>,
          bias: weights[b.name] as Float32Array<ArrayBuffer>,
        });
        break;
      default:
        throw new Error(`expected an operator of vision models, got ${op}`);
    }
  }
  return layers;
}

function extentsOf(v: Value): readonly number[] {
  return v.type.shape.map((d) => d.kind === "const" ? d.value : NaN);
}

function optionsIn(form: readonly Form[]): Readonly<Record<string, Form>> {
  const found = form.filter((f) => isOptions(f) && !(f instanceof Slot)).at(-1);
  return (found ?? {}) as Readonly<Record<string, Form>>;
}
