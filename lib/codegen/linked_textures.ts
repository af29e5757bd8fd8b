/** Textures of a linked program: values that a run makes lie in buffers, and are copied where a function reads a texture. */
import type { ExprJson } from "../ir/json.ts";
import { type BufferSpec, isGiven, type TextureSpec } from "./executable.ts";
import type { LinkedCall, LinkedValue } from "./linked_call.ts";
import { larger, texelsIn } from "./linked_sizes.ts";

/** A texture that values share, one after the other. */
interface Shared {
  readonly name: string;
  readonly kind: string;
  readonly spec: Pick<BufferSpec, "dtype"> & { readonly storage: TextureSpec };
  /** The most texels that it holds. */
  texels: ExprJson;
  /** The value in it; undefined where that has changed since. */
  holds: LinkedValue | undefined;
  /** The last call that reads it. */
  until: number;
}

/** Whether functions read a value in a texture itself, and in no copy: what is given once for all runs. */
export function liesInTexture({ role, eachRun = false }: LinkedValue): boolean {
  return role === "input" && !eachRun;
}

/** Gives textures to the values of calls, in order. Values whose calls don't overlap share them. */
export class LinkedTextures {
  readonly #shared: Shared[] = [];
  /** The last call that reads a value in a texture, by the value and the kind of texture. */
  readonly #last = new Map<LinkedValue, Map<string, number>>();

  /** Finds how long values are needed. */
  constructor(calls: readonly LinkedCall[]) {
    calls.forEach(({ executable, args }, k) => {
      executable.buffers.filter(isGiven).forEach((spec, n) => {
        const value = args[n] as LinkedValue;
        if (spec.storage.kind !== "texture" || liesInTexture(value)) return;
        const known = this.#last.get(value) ?? new Map<string, number>();
        this.#last.set(value, known.set(kindOf(spec), k));
      });
    });
  }

  /** The texture in which call `k` reads a value; it is filled where an earlier call has read the same. */
  take(
    value: LinkedValue,
    spec: BufferSpec,
    k: number,
  ): { readonly name: string; readonly isFilled: boolean } {
    const kind = kindOf(spec), until = this.#last.get(value)?.get(kind) ?? k;
    const filled = this.#shared.find((t) => t.kind === kind && t.holds === value);
    if (filled) return { name: filled.name, isFilled: true };
    const free = this.#shared.find((t) => t.kind === kind && t.until < k), texels = texelsIn(value);
    if (free) {
      Object.assign(free, { holds: value, until, texels: larger(free.texels, texels) });
      return { name: free.name, isFilled: false };
    }
    const { dtype } = spec, storage = spec.storage as TextureSpec;
    const name = `texture.${this.#shared.length}`;
    this.#shared.push({ name, kind, spec: { dtype, storage }, texels, holds: value, until });
    return { name, isFilled: false };
  }

  /** A call has changed a value. */
  forget(value: LinkedValue): void {
    for (const t of this.#shared) if (t.holds === value) t.holds = undefined;
  }

  /** All textures, in the layout that their functions read. */
  get specs(): readonly BufferSpec[] {
    return this.#shared.map(({ name, spec, texels }): BufferSpec => ({
      name,
      ...spec,
      shape: [typeof texels === "number" ? 4 * texels : ["mul", texels, 4]],
      role: "temp",
    }));
  }
}

function kindOf({ dtype, storage }: BufferSpec): string {
  return JSON.stringify([dtype, storage]);
}
