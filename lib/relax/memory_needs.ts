/** What lies in memory between the calls of a graph, and how long. */
import { evaluate, exprToJson } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import { storageBytes, storageOf } from "../ir/stored.ts";
import type { Graph } from "./graph.ts";
import type { Span } from "./pack_needs.ts";
import { shortType } from "./print_graph.ts";
import { firstValues } from "./updates.ts";
import type { Binding, TensorType, Value } from "./value.ts";

/** Storages begin at multiples of this many bytes, so that any can be bound as vectors of four. */
const ALIGNED = 16;

/** A value, a workspace or a texture that calls need. */
export interface Need extends Span {
  /** Its name in messages. */
  readonly label: string;
  /** Notes the storage that it has. */
  readonly place: (storage: number) => void;
}

/** An argument that a call reads in a texture: a run copies it there. */
export interface ActivationCopy {
  /** The argument. */
  readonly value: Value;
  /** The format and the layout of the texture: values share textures of one kind. */
  readonly kind: string;
  /** Bytes of the texture, at the bounds. */
  readonly bytes: number;
}

/** A texture that calls need. */
export interface TextureNeed extends Need {
  /** Its format and layout. */
  readonly kind: string;
}

/** Lists the values and workspaces between the calls; inputs, weights, constants and outputs are none. */
export function needsOf(
  g: Graph,
  bounds: Shapes,
  workspaceOf: (binding: Binding) => readonly number[],
  placement: Map<Value, number>,
  workspaces: Map<Binding, number[]>,
): readonly Need[] {
  const outputs = new Set(Object.values(g.outputs));
  // What an update made lies where the value before it lay.
  const first = firstValues(g), last = new Map<Value, number>();
  g.bindings.forEach(({ call }, k) => call.args.forEach((v) => last.set(first.get(v) ?? v, k)));
  return g.bindings.flatMap((binding, k) => {
    const own: number[] = [];
    workspaces.set(binding, own);
    const workspace = workspaceOf(binding).map((bytes, n): Need => ({
      bytes: aligned(bytes),
      from: k,
      to: k,
      label: `workspace ${n} of ${binding.results[0]?.name}`,
      place: (storage) => own[n] = storage,
    }));
    const values = binding.results.filter((v) => !outputs.has(v) && !first.has(v)).map((v): Need => ({
      bytes: bytesAt(v.type, bounds),
      from: k,
      to: last.get(v) ?? k,
      label: `${v.name} (${shortType(v.type)})`,
      place: (storage) => placement.set(v, storage),
    }));
    return [...workspace, ...values];
  });
}

/** Bytes of a tensor where shape variables have values, in whole units of alignment. */
export function bytesAt(type: TensorType, shapes: Shapes): number {
  return aligned(
    type.shape.reduce((n, d) => n * evaluate(exprToJson(d), shapes), storageBytes(storageOf(type))),
  );
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNED) * ALIGNED;
}

/** Lists the textures that calls read: one for a value and a kind, from the first call that reads it there to the last. */
export function textureNeedsOf(
  g: Graph,
  copiesOf: (binding: Binding) => readonly ActivationCopy[],
  copies: Map<Binding, number[]>,
): readonly TextureNeed[] {
  const first = firstValues(g), needs = new Map<Value, Map<string, TextureNeed>>();
  g.bindings.forEach((binding, k) => {
    const own: number[] = [];
    copies.set(binding, own);
    copiesOf(binding).forEach(({ value: now, kind, bytes }, n) => {
      const value = first.get(now) ?? now, known = needs.get(value) ?? new Map<string, TextureNeed>();
      const before = known.get(kind);
      const place = (texture: number) => {
        before?.place(texture);
        own[n] = texture;
      };
      const label = `the texture of ${value.name} (${shortType(value.type)})`;
      needs.set(value, known.set(kind, { kind, bytes, from: before?.from ?? k, to: k, label, place }));
    });
  });
  return [...needs.values()].flatMap((known) => [...known.values()]);
}
