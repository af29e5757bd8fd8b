/** Which arguments of a graph's calls a run copies to textures. */
import { type BufferSpec, isGiven } from "../codegen/executable.ts";
import { memoryOf } from "../codegen/link_executables.ts";
import { texelsIn } from "../codegen/linked_sizes.ts";
import { storageBytes } from "../ir/stored.ts";
import { evaluate, exprToJson } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";
import type { ActivationCopy } from "../relax/memory_needs.ts";
import type { Binding, Value } from "../relax/value.ts";
import type { BuiltFunction } from "./built_graph.ts";

/** An argument that a run copies to a texture. */
export interface CopiedArgument extends ActivationCopy {
  /** Its index among the call's arguments. */
  readonly argument: number;
}

/**
 * Lists the arguments of each call that its function reads in a texture, and that are in a buffer: all that a run makes or
 * is given, and weights that functions want in several kinds of memory.
 */
export function copiedArguments(
  bindings: readonly Binding[],
  functions: readonly BuiltFunction[],
  bounds: Shapes,
): ReadonlyMap<Binding, readonly CopiedArgument[]> {
  const inSeveral = inSeveralKinds(bindings, functions);
  return new Map(bindings.map((b, k) => {
    const specs = (functions[k] as BuiltFunction).executable.buffers.filter(isGiven);
    return [
      b,
      b.call.args.flatMap((value, argument): readonly CopiedArgument[] => {
        const { dtype, storage } = specs[argument] as BufferSpec;
        if (storage.kind !== "texture" || (isWeight(value) && !inSeveral.has(value))) return [];
        // A texture that is copied to has whole rows: `copiedTextureLayout` gives it a width.
        const width = storage.layout.kind === "flat" ? storage.layout.width : 1;
        const texels = evaluate(texelsIn({ shape: value.type.shape.map(exprToJson) }), bounds);
        const bytes = 4 * storageBytes(dtype) * width * Math.ceil(texels / width);
        return [{ argument, value, kind: JSON.stringify([dtype, storage]), bytes }];
      }),
    ];
  }));
}

/** The weights and constants that functions want in several kinds of memory. */
export function inSeveralKinds(
  bindings: readonly Binding[],
  functions: readonly BuiltFunction[],
): ReadonlySet<Value> {
  const kindsOf = new Map<Value, Set<string>>();
  bindings.forEach(({ call: { args } }, k) => {
    const specs = (functions[k] as BuiltFunction).executable.buffers.filter(isGiven);
    args.forEach((v, n) => {
      if (!isWeight(v)) return;
      const found = kindsOf.get(v) ?? new Set();
      kindsOf.set(v, found.add(memoryOf(specs[n] as BufferSpec)));
    });
  });
  return new Set([...kindsOf].filter(([, kinds]) => kinds.size > 1).map(([v]) => v));
}

function isWeight({ origin: { kind } }: Value): boolean {
  return kind === "weight" || kind === "constant";
}
