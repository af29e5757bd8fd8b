/** Recurrent layers over sequences of known lengths: their steps follow each other in the graph. */
import type { Expr } from "../../../ir/expr.ts";
import type { Value } from "../../../relax/value.ts";
import type { ImportContext } from "../context.ts";
import { type Item, knownItem, shownShape } from "../item.ts";
import type { Inputs } from "../known_tensor.ts";
import type { OnnxNode } from "../node.ts";
import { floatInput, type Importer, type Importers } from "./operator.ts";

/** The most steps of a sequence. */
const MOST_STEPS = 512;

type Activation = (c: ImportContext, x: Value) => Value;

/** The activations that a layer may have. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  Sigmoid: (c, x) => c.b.sigmoid(x),
  Tanh: (c, x) => c.b.tanh(x),
  Relu: (c, x) => c.b.relu(x),
  Softsign: (c, x) => c.b.softsign(x),
  Softplus: (c, x) => c.b.softplus(x),
  HardSigmoid: (c, x) => c.b.hardSigmoid(x),
  Elu: (c, x) => c.b.elu(x),
};

/** What a step reads: the input's part of the gates, the weights of the state, the bias of the state, and the states. */
interface Step {
  readonly x: Value;
  readonly recurrent: Value;
  readonly bias: Value | undefined;
  readonly peepholes: Value | undefined;
  readonly h: Value;
  readonly cell: Value;
  readonly f: readonly Activation[];
}

/** A kind of layer. */
interface Layer {
  readonly gates: number;
  readonly activations: readonly string[];
  readonly step: (c: ImportContext, s: Step, node: OnnxNode) => { readonly h: Value; readonly cell?: Value };
}

/** The product of a state and the transposed weights. */
function times(c: ImportContext, h: Value, w: Value): Value {
  return c.b.matmul(h, w, { transposeB: true });
}

function plus(c: ImportContext, x: Value, y: Value | undefined): Value {
  return y ? c.b.add(x, y) : x;
}

/** The parts of a last dimension for each gate. */
function gatesOf(c: ImportContext, x: Value, count: number): readonly Value[] {
  return count === 1 ? [x] : c.b.split(x, { sections: count, axis: -1 });
}

const LAYERS: Readonly<Record<"RNN" | "GRU" | "LSTM", Layer>> = {
  RNN: {
    gates: 1,
    activations: ["Tanh"],
    step: (c, { x, recurrent, bias, h, f }) => ({
      h: (f[0] as Activation)(c, c.b.add(x, plus(c, times(c, h, recurrent), bias))),
    }),
  },
  GRU: {
    gates: 3,
    activations: ["Sigmoid", "Tanh"],
    step: (c, { x, recurrent, bias, h, f: [f, g] }, node) => {
      const [gate, bend] = [f as Activation, g as Activation], [xz, xr, xh] = gatesOf(c, x, 3) as Value[];
      const [wz, wr, wh] = c.b.split(recurrent, { sections: 3, axis: 0 });
      const [bz, br, bh] = bias ? gatesOf(c, bias, 3) : [];
      const z = gate(c, c.b.add(xz as Value, plus(c, times(c, h, wz as Value), bz)));
      const r = gate(c, c.b.add(xr as Value, plus(c, times(c, h, wr as Value), br)));
      const inner = node.flag("linear_before_reset", false)
        ? c.b.mul(r, plus(c, times(c, h, wh as Value), bh))
        : plus(c, times(c, c.b.mul(r, h), wh as Value), bh);
      const next = bend(c, c.b.add(xh as Value, inner));
      return { h: c.b.add(next, c.b.mul(z, c.b.sub(h, next))) };
    },
  },
  LSTM: {
    gates: 4,
    activations: ["Sigmoid", "Tanh", "Tanh"],
    step: (c, { x, recurrent, bias, peepholes, h, cell, f: [f, g, k] }) => {
      const [gate, bend, out] = [f as Activation, g as Activation, k as Activation];
      const [i, o, forget, next] = gatesOf(
        c,
        c.b.add(x, plus(c, times(c, h, recurrent), bias)),
        4,
      ) as Value[];
      const [pi, po, pf] = peepholes ? gatesOf(c, peepholes, 3) : [];
      const seen = (x: Value | undefined, p: Value | undefined, state: Value) =>
        p ? c.b.add(x as Value, c.b.mul(p, state)) : x as Value;
      const kept = c.b.mul(gate(c, seen(forget, pf, cell)), cell);
      const made = c.b.add(kept, c.b.mul(gate(c, seen(i, pi, cell)), bend(c, next as Value)));
      return { h: c.b.mul(gate(c, seen(o, po, made)), out(c, made)), cell: made };
    },
  },
};

/** Reads the activations of a direction. */
function activationsOf(node: OnnxNode, layer: Layer, direction: number): readonly Activation[] {
  const names = node.texts("activations") ?? [];
  return layer.activations.map((fallback, k) => {
    const name = names[direction * layer.activations.length + k] ?? fallback;
    const f = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
    return f ?? node.fail(`activations of ${Object.keys(ACTIVATIONS).join(", ")}`, name.slice(0, 100));
  });
}

interface Sequence {
  readonly steps: number;
  readonly lengths: readonly number[] | undefined;
  readonly batch: Expr;
  readonly hidden: number;
}

function sequenceOf(node: OnnxNode, inputs: Inputs, x: Item, layout: boolean): Sequence {
  const [time, batch] = layout ? [x.shape[1], x.shape[0]] : [x.shape[0], x.shape[1]];
  const steps = time?.kind === "const"
    ? time.value
    : node.fail("a length that is a number", shownShape(x.shape));
  if (x.rank !== 3 || steps > MOST_STEPS) node.fail(`up to ${MOST_STEPS} steps`, shownShape(x.shape));
  const recurrent = node.input(inputs, 2).dims ??
    node.fail("weights with extents that are numbers", "others");
  const hidden = node.int("hidden_size", recurrent[2] ?? 0);
  const given = node.numbers(inputs, 4, "the lengths"),
    lengths = given?.every((n) => n === steps) ? undefined : given;
  return { steps, lengths, batch: batch as Expr, hidden };
}

const recurrent = (kind: keyof typeof LAYERS): Importer => (node, inputs, c) => {
  const layer = LAYERS[kind], item = floatInput(node, inputs, 0), layout = node.flag("layout", false);
  const { steps, lengths, batch, hidden } = sequenceOf(node, inputs, item, layout);
  const way = node.oneOf("direction", ["forward", "reverse", "bidirectional"], "forward");
  if (node.has("clip") || node.flag("input_forget", false)) node.fail("neither clip nor input_forget", "one");
  if (lengths && way !== "forward") node.fail("one length for sequences that go backwards", "several");
  const x = layout ? c.b.permuteDims(c.value(item), { axes: [1, 0, 2] }) : c.value(item), { dtype } = x.type;
  const part = (k: number, d: number): Value | undefined => {
    const given = inputs[k];
    return given &&
      c.b.squeeze(c.b.slice(c.value(given), { begin: [d], end: [d + 1], axes: [0] }), { axis: 0 });
  };
  const state = (k: number, d: number): Value => {
    const given = inputs[k];
    if (!given) return c.b.full([batch, hidden], 0, { dtype });
    const axis = layout ? 1 : 0;
    return c.b.squeeze(c.b.slice(c.value(given), { begin: [d], end: [d + 1], axes: [axis] }), { axis });
  };
  c.repeats(node, 4 * steps);
  const directions = way === "bidirectional" ? [false, true] : [way === "reverse"], all: Value[][] = [];
  const lasts: { readonly h: Value; readonly cell: Value }[] = [];
  directions.forEach((backwards, d) => {
    const bias = part(3, d), [own, other] = bias ? c.b.split(bias, { sections: 2, axis: 0 }) : [];
    const gates = plus(c, times(c, x, part(1, d) as Value), own), weights = part(2, d) as Value;
    const f = activationsOf(node, layer, d),
      peepholes = kind === "LSTM" ? part(7, d) : undefined,
      outputs: Value[] = [];
    let h = state(5, d), cell = kind === "LSTM" ? state(6, d) : h;
    for (let k = 0; k < steps; k++) {
      const t = backwards ? steps - 1 - k : k;
      const now = c.b.squeeze(c.b.slice(gates, { begin: [t], end: [t + 1], axes: [0] }), { axis: 0 });
      const next = layer.step(c, { x: now, recurrent: weights, bias: other, peepholes, h, cell, f }, node);
      const runs = lengths &&
        c.value(knownItem("bool", [lengths.length, 1], lengths.map((n) => k < n ? 1 : 0)));
      const kept = (made: Value, old: Value) => runs ? c.b.where(runs, made, old) : made;
      outputs[t] = runs ? c.b.where(runs, next.h, c.scalar(0, dtype)) : next.h;
      cell = next.cell ? kept(next.cell, cell) : cell;
      h = kept(next.h, h);
    }
    all.push(outputs);
    lasts.push({ h, cell });
  });
  // [steps, directions, batch, hidden]
  const y = c.b.stack(all.map((list) => c.b.stack(list)), { axis: 1 });
  const last = (pick: "h" | "cell") =>
    c.of(item.type, c.b.stack(lasts.map((l) => l[pick]), { axis: layout ? 1 : 0 }));
  const turned = layout ? c.b.permuteDims(y, { axes: [2, 0, 1, 3] }) : y;
  return [c.of(item.type, turned), last("h"), ...(kind === "LSTM" ? [last("cell")] : [])];
};

/** Recurrent layers. */
export const RECURRENCES: Importers = {
  RNN: recurrent("RNN"),
  GRU: recurrent("GRU"),
  LSTM: recurrent("LSTM"),
};
