/** The part of Deno's Jupyter interface that is used here, and how an output is sent. */
import { inNotebook } from "../runtime/platform.ts";

interface Jupyter {
  /** Sends a message to the notebook's frontend. Unlike Deno's `display`, it keeps an output's metadata. */
  broadcast(
    type: "display_data" | "update_display_data",
    content: Readonly<Record<string, unknown>>,
  ): void | Promise<void>;
}

/** Returns Jupyter's interface; undefined outside of a notebook. */
export function jupyter(): Jupyter | undefined {
  return inNotebook() ? (Deno as unknown as { readonly jupyter: Jupyter }).jupyter : undefined;
}

/** One output in several formats, by media type. */
export type Bundle = Readonly<Record<string, unknown>>;

/** Shows a bundle below the cell, or replaces an earlier one with the same id. Does nothing outside of a notebook. */
export async function show(data: Bundle, options: {
  readonly id?: string;
  readonly update?: boolean;
  /** Metadata by media type, for example the size of an image. */
  readonly metadata?: Readonly<Record<string, unknown>>;
} = {}): Promise<void> {
  const { id, update = false, metadata = {} } = options;
  const transient = id === undefined ? {} : { display_id: id };
  await jupyter()?.broadcast(update ? "update_display_data" : "display_data", { data, metadata, transient });
}

/** Wait after a cell's last output, milliseconds: Jupyter may end a cell before its outputs are sent. */
const DRAIN_MS = 80;

/** Waits until the outputs of a cell have left the kernel. */
export function drain(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
}

/** The method that Jupyter calls on the last value of a cell. */
export const inCell: unique symbol = Symbol.for("Jupyter.display");
