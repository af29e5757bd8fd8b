/** What is used of Deno's Jupyter interface, and how a thing comes under a cell. */
import { inNotebook } from "../runtime/platform.ts";

interface Jupyter {
  /** Sends a message to whoever shows the notebook. Unlike Deno's `display`, it keeps an output's metadata. */
  broadcast(
    type: "display_data" | "update_display_data",
    content: Readonly<Record<string, unknown>>,
  ): void | Promise<void>;
}

/** Jupyter's interface, or undefined outside of a notebook. */
export function jupyter(): Jupyter | undefined {
  return inNotebook() ? (Deno as unknown as { readonly jupyter: Jupyter }).jupyter : undefined;
}

/** One thing in the formats that somebody may be able to show, by their media types. */
export type Bundle = Readonly<Record<string, unknown>>;

/** Puts a bundle under the cell, or in the place of an earlier one of the same id. Nothing outside of a notebook. */
export async function show(data: Bundle, options: {
  readonly id?: string;
  readonly update?: boolean;
  /** By media type, for example the size of an image. */
  readonly metadata?: Readonly<Record<string, unknown>>;
} = {}): Promise<void> {
  const { id, update = false, metadata = {} } = options;
  const transient = id === undefined ? {} : { display_id: id };
  await jupyter()?.broadcast(update ? "update_display_data" : "display_data", { data, metadata, transient });
}

/** Jupyter may call a cell done before its outputs are out: this long after the last one, they are (ms). */
const DRAIN_MS = 80;

/** Waits until the outputs of a cell have left the kernel. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
}

/** The method that Jupyter asks the last value of a cell for. */
export const inCell: unique symbol = Symbol.for("Jupyter.display");
