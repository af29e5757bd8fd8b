/** Textures of a linked program: values that a run makes lie in buffers, and are copied where a function reads a texture. */
import type { ExprJson } from "../ir/json.ts";
import type { BufferSpec, TextureSpec } from "./executable.ts";
import type { LinkedValue } from "./linked_call.ts";
import { larger, texelsIn } from "./linked_sizes.ts";

/** A texture that values share, one after the other. */
interface Shared {
  readonly spec: Pick<BufferSpec, "dtype"> & { readonly storage: TextureSpec };
  /** The most texels that it holds. */
  texels: ExprJson;
  /** The value in it; undefined where that has changed since. */
  holds: LinkedValue | undefined;
}

/** Fills textures with the values of calls, in order. */
export class LinkedTextures {
  readonly #shared = new Map<number, Shared>();

  /** Puts a value to a texture, which a function reads as `spec` says. Its name, and whether it held the value already. */
  take(
    value: LinkedValue,
    { dtype, storage }: BufferSpec,
    texture: number,
  ): { readonly name: string; readonly isFilled: boolean } {
    const name = nameOf(texture), texels = texelsIn(value), known = this.#shared.get(texture);
    if (known?.holds === value) return { name, isFilled: true };
    this.#shared.set(texture, {
      spec: { dtype, storage: storage as TextureSpec },
      texels: known ? larger(known.texels, texels) : texels,
      holds: value,
    });
    return { name, isFilled: false };
  }

  /** A call has changed a value. */
  forget(value: LinkedValue): void {
    for (const t of this.#shared.values()) if (t.holds === value) t.holds = undefined;
  }

  /** All textures, in the layout that their functions read. */
  get specs(): readonly BufferSpec[] {
    return [...this.#shared].map(([n, { spec, texels }]): BufferSpec => ({
      name: nameOf(n),
      ...spec,
      shape: [typeof texels === "number" ? 4 * texels : ["mul", texels, 4]],
      role: "temp",
    }));
  }
}

/** A name that no value has: theirs have no dot. */
function nameOf(texture: number): string {
  return `texture.${texture}`;
}
