/** The memory of a CPU device: blocks never overlap, and what is given back is used again. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Arena, type Block } from "../../../lib/runtime/cpu/arena.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { RuntimeError } from "../../../lib/runtime/error.ts";

Deno.test("blocks never overlap, and all that is given back is used again", () => {
  const step = fc.record({ take: fc.boolean(), bytes: fc.nat(5000), which: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const arena = new Arena(false), taken: Block[] = [];
      const first = arena.take(1);
      for (const { take, bytes, which } of steps) {
        if (take || taken.length === 0) {
          const block = arena.take(bytes);
          assert(block.bytes >= bytes && block.pointer % 64 === 0);
          assert(
            taken.every((b) =>
              b.pointer + b.bytes <= block.pointer || block.pointer + block.bytes <= b.pointer
            ),
          );
          taken.push(block);
        } else taken.splice(which % taken.length, 1)[0]?.[Symbol.dispose]();
      }
      for (const b of taken) {
        b[Symbol.dispose]();
      }
      using again = arena.take(1);
      assertEquals(again.pointer, first.pointer + first.bytes);
    }),
    { numRuns: 50 },
  );
});

Deno.test("elements stay where they are while the memory grows", () => {
  for (const shared of [false, true]) {
    const arena = new Arena(shared);
    const small = arena.take(64);
    arena.view(small, "f32", 16).fill(3);
    arena.take(1 << 20);
    arena.take(1 << 22);
    assertEquals([...arena.view(small, "f32", 16)], Array(16).fill(3));
  }
});

Deno.test("more than pointers of 32 bits reach is refused in words, and takes nothing", async () => {
  for (const shared of [false, true]) {
    const arena = new Arena(shared);
    using _ = arena.take(1000);
    const before = arena.memory.buffer.byteLength;
    assertThrows(() => arena.take(2 ** 32), RuntimeError, "expected at most 4294967296 bytes on the CPU");
    assertEquals(arena.memory.buffer.byteLength, before);
    // What fits is still given.
    using more = arena.take(3 * before);
    arena.view(more, "u32", before / 4).fill(7);
  }
  using device = await Device.open({ backend: "cpu" });
  assertThrows(() => device.zeros([2 ** 31]), RuntimeError, "expected at most 4294967296 bytes on the CPU");
  using tensor = device.zeros([4]);
  assertEquals([...await tensor.read()], [0, 0, 0, 0]);
});
