import { evaluate, type ExprJson } from "../ir/json.ts";
import type { Shapes } from "../ir/shapes.ts";

/** The name of the buffer that slots lie in. Values have no dot in theirs. */
export const ARENA = "storage.arena";

/** Slots begin at multiples of this many bytes: no device asks for more of a binding's offset. */
export const SLOT_ALIGNED = 256;

/** A part of an arena. */
export interface ArenaSlot {
  /** Its bytes. */
  readonly bytes: ExprJson;
  /** The slots before it that it must lie behind, by index: they are in use at the same time. */
  readonly behind: readonly number[];
}

/** Where slots lie. */
export interface ArenaLayout {
  /** The offset of each slot. */
  readonly offsets: readonly number[];
  /** The bytes of each slot. */
  readonly sizes: readonly number[];
  /** Bytes of the arena. */
  readonly bytes: number;
}

/** Lays slots out for certain shapes: each directly behind those that it must lie behind. */
export function layoutArena(slots: readonly ArenaSlot[], shapes: Shapes): ArenaLayout {
  const offsets: number[] = [], sizes = slots.map((s) => evaluate(s.bytes, shapes));
  const end = (k: number) => (offsets[k] as number) + (sizes[k] as number);
  const aligned = (n: number) => Math.ceil(n / SLOT_ALIGNED) * SLOT_ALIGNED;
  for (const { behind } of slots) offsets.push(aligned(Math.max(0, ...behind.map(end))));
  return { offsets, sizes, bytes: Math.max(0, ...slots.map((_, k) => end(k))) };
}
