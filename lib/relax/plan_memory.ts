import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, number, required } from "../base/option_kinds.ts";

import { evaluate, exprToJson } from "../ir/json.ts";
import { shapesKind } from "../ir/kinds.ts";
import type { Shapes } from "../ir/shapes.ts";
import { RelaxError } from "./error.ts";
import type { Graph } from "./graph.ts";
import { graphKind } from "./kinds.ts";
import { shortType } from "./print_graph.ts";
import { firstValues } from "./updates.ts";
import { meet, packNeeds } from "./pack_needs.ts";
import type { Binding, TensorType, Value } from "./value.ts";
import { storageBytes, storageOf } from "../ir/stored.ts";

/** Storages begin at multiples of this many bytes, so that any can be bound as vectors of four. */
const ALIGNED = 16;

/** Slots of an arena begin at multiples of this many bytes, which any device takes as a binding's offset. */
const SLOT_ALIGNED = 256;

/** How many times the most that lives at one time storages may take. */
const MOST_WASTE = 1.1;

/** What {@linkcode planMemory} takes. */
export interface MemoryOptions {
  /** The most that each shape variable may be. */
  readonly bounds: Shapes;
  /** Bytes of each intermediate buffer of a call as it is scheduled. Default: none. */
  readonly workspaceOf?: (binding: Binding) => readonly number[];
  /** The most bytes of all storages together. Default: no limit. */
  readonly budget?: number;
  /** The most bytes of an arena. Default: no limit. */
  readonly largest?: number;
}

const OPTIONS = {
  bounds: required(shapesKind),
  workspaceOf: aFunction("a function of a call, which lists bytes"),
  budget: number({ above: 0 }, "a positive number of bytes"),
  largest: number({ min: 0 }, "a number of bytes"),
} satisfies Fields<MemoryOptions>;

/** Where intermediate values and workspaces lie. Inputs, weights, constants and outputs have storages of their own. */
export interface MemoryPlan {
  /** Bytes of each storage. */
  readonly storages: readonly number[];
  /**
   * For each storage those before it that it lies behind, in one arena: they are needed at the same time. Undefined where
   * each storage is a buffer of its own.
   */
  readonly behind?: readonly (readonly number[])[];
  /** The storage of each value, by its index. */
  readonly placement: ReadonlyMap<Value, number>;
  /** The storages of each call's workspace, in the order in which `workspaceOf` lists it. */
  readonly workspaces: ReadonlyMap<Binding, readonly number[]>;
  /** Bytes of all storages together, or of the arena. */
  readonly bytes: number;
  /** Bytes of the largest set of values and workspaces that live at one time: no plan needs less. */
  readonly live: number;
}

interface Need {
  readonly bytes: number;
  /** The index of the first call that needs it, and of the last. */
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly place: (storage: number) => void;
}

/**
 * Plans where intermediate values lie: values that are never needed at the same time share storages. Sizes are those at the
 * bounds. Larger needs are placed first, each in the storage that fits it best (a colouring of intervals by size; compare
 * Relax's StaticPlanBlockMemory, which takes calls in order). Where storages take more than 1.1 times what lives at one time,
 * each need gets a storage of its own, and all lie in one arena, by offsets.
 *
 * @throws {RelaxError} for a shape variable without a bound, and for a plan above the budget: it names the largest tensors
 */
export function planMemory(g: Graph, options: MemoryOptions): MemoryPlan {
  checkArgument("relax.planMemory", "g", g, graphKind);
  checkOptions("relax.planMemory", options, OPTIONS);
  const { bounds, workspaceOf = () => [], budget = Infinity, largest = Infinity } = options;
  const open = g.shapeVars.find((v) => bounds[v.name] === undefined);
  if (open) {
    throw new RelaxError(
      `expected a bound of each shape variable of ${g.name}, got none of ${open.name}: give bounds { ${open.name}: … }`,
    );
  }
  const unknown = Object.keys(bounds).find((name) => !g.shapeVars.some((v) => v.name === name));
  if (unknown !== undefined) {
    const known = g.shapeVars.map((v) => v.name).join(", ") || "none";
    throw new RelaxError(`expected bounds of ${known}, got one of ${unknown}, in ${g.name}`);
  }
  const placement = new Map<Value, number>(), workspaces = new Map<Binding, number[]>();
  const needs = needsOf(g, bounds, workspaceOf, placement, workspaces);
  const { live, ...colored } = storagesOf(g, needs);
  // A kernel binds all of an arena for writing, and no part of it twice.
  const isTwice = g.bindings.some(({ call: { args } }) => new Set(args).size < args.length);
  const packed = colored.bytes > MOST_WASTE * live && !isTwice ? arenaOf(needs) : colored;
  const { places, ...plan } = packed.bytes < Math.min(colored.bytes, largest + 1) ? packed : colored;
  if (plan.bytes > budget) throw tooLarge(g, needs, plan.bytes, budget, bounds);
  needs.forEach((need, k) => need.place(places[k] as number));
  return { ...plan, placement, workspaces, live };
}

/** What {@linkcode planMemory} decides: the storage of each need, by its index. */
interface Placed extends Pick<MemoryPlan, "storages" | "behind" | "bytes"> {
  readonly places: readonly number[];
}

/** Storages that needs share which don't live at one time. */
function storagesOf(g: Graph, needs: readonly Need[]): Placed & { readonly live: number } {
  const places = new Map<Need, number>();
  const storages: { bytes: number; readonly taken: Need[] }[] = [];
  for (const need of needs.toSorted((a, b) => b.bytes - a.bytes)) {
    const free = storages.filter((s) => s.taken.every((t) => t.to < need.from || need.to < t.from));
    // All are large enough, because larger needs came before; the smallest leaves the others to larger ones.
    const best = free.reduce<typeof free[number] | undefined>(
      (x, y) => x && x.bytes <= y.bytes ? x : y,
      undefined,
    );
    const storage = best ?? { bytes: need.bytes, taken: [] };
    if (!best) storages.push(storage);
    storage.taken.push(need);
    places.set(need, storages.indexOf(storage));
  }
  const sizes = storages.map((s) => s.bytes), bytes = sizes.reduce((n, b) => n + b, 0);
  const liveAt = g.bindings.map((_, k) =>
    needs.filter((n) => n.from <= k && k <= n.to).reduce((n, x) => n + x.bytes, 0)
  );
  return {
    storages: sizes,
    places: needs.map((n) => places.get(n) as number),
    bytes,
    live: Math.max(0, ...liveAt),
  };
}

/** One arena, in which needs that live at one time lie behind each other. */
function arenaOf(needs: readonly Need[]): Placed {
  const spans = needs.map((n) => ({ ...n, bytes: Math.ceil(n.bytes / SLOT_ALIGNED) * SLOT_ALIGNED }));
  const { order, bytes } = packNeeds(spans);
  const inOrder = order.map((k) => spans[k] as Need);
  const behind = inOrder.map((n, k) =>
    inOrder.slice(0, k).flatMap((other, at) => meet(other, n) ? [at] : [])
  );
  return {
    storages: order.map((k) => (needs[k] as Need).bytes),
    behind,
    places: needs.map((_, k) => order.indexOf(k)),
    bytes,
  };
}

function needsOf(
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

function tooLarge(
  g: Graph,
  needs: readonly Need[],
  bytes: number,
  budget: number,
  bounds: Shapes,
): RelaxError {
  const largest = needs.toSorted((a, b) => b.bytes - a.bytes).slice(0, 3)
    .map((n) => `${n.label}: ${n.bytes} bytes`);
  const at = Object.entries(bounds).map(([name, value]) => `${name} = ${value}`).join(", ");
  return new RelaxError(
    `expected the intermediate values of ${g.name} to fit in ${budget} bytes, got ${bytes}` +
      `${at === "" ? "" : ` at the bounds ${at}`}; the largest are ${largest.join("; ")}; lower ` +
      `${at === "" ? "the sizes" : "a bound"}, or allow more memory`,
  );
}
