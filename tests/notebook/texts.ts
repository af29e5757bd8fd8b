import { assert, assertEquals } from "@std/assert";
import { printable } from "../../lib/base/printable.ts";

/** Holds every text of a chart to be one that shows, on whatever draws it, and short enough to be drawn. */
export function assertShown(spec: unknown): void {
  JSON.stringify(spec, (_, value) => {
    if (typeof value !== "string") return value;
    assertEquals(value, printable(value));
    assert(value.length <= 200, `${value.length} letters: ${value.slice(0, 80)}`);
    return value;
  });
}
