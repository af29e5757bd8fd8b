import { assertEquals } from "@std/assert";
import { fitTile } from "../../../lib/dlight/steps/tiling.ts";

Deno.test("a tile has fewer results a thread where its last one would be nearly empty, and keeps its threads", () => {
  // 128 fit 1024 and 320 three times, of which the last is half empty.
  for (const n of [1024, 128, 1000]) assertEquals(fitTile([8, 16], n), [8, 16], `${n}`);
  for (const n of [160, 64, 48, 320]) assertEquals(fitTile([8, 16], n), [8, 8], `${n}`);
  // Down to a vector, whatever is left empty.
  for (const n of [32, 5, 1]) assertEquals(fitTile([8, 16], n), [8, 4], `${n}`);
  assertEquals(fitTile([8, 4], 5), [8, 4]);
  assertEquals(fitTile([8, 2], 5), [8, 2]);
  // How long a symbolic axis is nobody knows.
  assertEquals(fitTile([8, 16], undefined), [8, 16]);
});
