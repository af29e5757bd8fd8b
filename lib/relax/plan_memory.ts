import { checkArgument, checkOptions, type Fields } from "../base/check_options.ts";
import { aFunction, number, required } from "../base/option_kinds.ts";
import { shapesKind } from "../ir/kinds.ts";
import type { Shapes } from "../ir/shapes.ts";
import { RelaxError } from "./error.ts";
import type { Graph } from "./graph.ts";
import { graphKind } from "./kinds.ts";
import { type ActivationCopy, type Need, needsOf, textureNeedsOf } from "./memory_needs.ts";
import { meet, packNeeds } from "./pack_needs.ts";
import { mostAlive, shareStorages } from "./share_storages.ts";
import type { Binding, Value } from "./value.ts";

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
  /** The arguments of a call, as it is scheduled, that a run copies to textures. Default: none. */
  readonly copiesOf?: (binding: Binding) => readonly ActivationCopy[];
  /** The most bytes of all storages and textures together. Default: no limit. */
  readonly budget?: number;
  /** The most bytes of an arena. Default: no limit. */
  readonly largest?: number;
}

const OPTIONS = {
  bounds: required(shapesKind),
  workspaceOf: aFunction("a function of a call, which lists bytes"),
  copiesOf: aFunction("a function of a call, which lists its copies"),
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
  /** Bytes of each texture that calls read copies of values in. */
  readonly textures: readonly number[];
  /** The textures of each call's copies, by their indices, in the order in which `copiesOf` lists them. */
  readonly copies: ReadonlyMap<Binding, readonly number[]>;
  /** Bytes of all storages together, or of the arena, and of the textures. */
  readonly bytes: number;
  /**
   * Bytes of the largest set of values and workspaces that live at one time, and of the largest set of copies. Buffers and
   * textures can't take each other's memory, so no plan needs less.
   */
  readonly live: number;
}

/**
 * Plans where intermediate values lie: values that are never needed at the same time share storages, and their copies for
 * kernels that read textures share textures. Sizes are those at the bounds. Where storages take more than 1.1 times what
 * lives at one time, each need gets a storage of its own, and all lie in one arena, by offsets.
 *
 * @throws {RelaxError} for a shape variable without a bound, and for a plan above the budget: it names the largest tensors
 */
export function planMemory(g: Graph, options: MemoryOptions): MemoryPlan {
  checkArgument("relax.planMemory", "g", g, graphKind);
  checkOptions("relax.planMemory", options, OPTIONS);
  const { bounds, workspaceOf = () => [], copiesOf = () => [], budget = Infinity, largest = Infinity } =
    options;
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
  const copies = new Map<Binding, number[]>();
  const needs = needsOf(g, bounds, workspaceOf, placement, workspaces);
  const { places, ...plan } = storagesOf(g, needs, largest);
  const textures = textureNeedsOf(g, copiesOf, copies);
  const shared = shareStorages(textures, (k) => textures[k]?.kind ?? "");
  const bytes = plan.bytes + shared.storages.reduce((n, b) => n + b, 0), all = [...needs, ...textures];
  const kinds = Map.groupBy(textures, (t) => t.kind).values();
  const live = mostAlive(needs) + kinds.reduce((n, list) => n + mostAlive(list), 0);
  if (bytes > budget) throw tooLarge(g, all, bytes, budget, bounds);
  needs.forEach((need, k) => need.place(places[k] as number));
  textures.forEach((need, k) => need.place(shared.places[k] as number));
  return { ...plan, placement, workspaces, textures: shared.storages, copies, bytes, live };
}

/** What {@linkcode planMemory} decides: the storage of each need, by its index. */
interface Placed extends Pick<MemoryPlan, "storages" | "behind" | "bytes"> {
  readonly places: readonly number[];
}

/** Storages that needs share, or an arena of at most `largest` bytes where sharing wastes too much. */
function storagesOf(g: Graph, needs: readonly Need[], largest: number): Placed {
  const shared = shareStorages(needs);
  const colored: Placed = { ...shared, bytes: shared.storages.reduce((n, b) => n + b, 0) };
  // A kernel binds all of an arena for writing, and no part of it twice.
  const isTwice = g.bindings.some(({ call: { args } }) => new Set(args).size < args.length);
  if (colored.bytes <= MOST_WASTE * mostAlive(needs) || isTwice) return colored;
  const packed = arenaOf(needs);
  return packed.bytes < Math.min(colored.bytes, largest + 1) ? packed : colored;
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
