/** The assembler: numbers in LEB128, and modules that engines take. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { assemble, signed, unsigned, withSharedMemory } from "../../../lib/codegen/wasm/assemble.ts";
import { OPCODES } from "../../../lib/codegen/wasm/opcodes.ts";

/** Reads LEB128, as the specification defines it. */
function read(bytes: readonly number[], isSigned: boolean): number {
  let value = 0n, shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
  }
  const negative = isSigned && ((bytes.at(-1) ?? 0) & 0x40) !== 0;
  return Number(negative ? value - (1n << shift) : value);
}

Deno.test("numbers are the same after LEB128", () => {
  fc.assert(fc.property(fc.integer(), (x) => read(signed(x), true) === x));
  fc.assert(fc.property(fc.nat(2 ** 32 - 1), (x) => read(unsigned(x), false) === x));
  for (const x of [0, 63, 64, -64, -65, 127, 128, 2 ** 31 - 1, -(2 ** 31)]) {
    assertEquals(read(signed(x), true), x);
  }
});

Deno.test("opcodes are distinct", () => {
  // One name is the typed form of another instruction.
  assertEquals(new Set(Object.values(OPCODES)).size, Object.keys(OPCODES).length);
});

Deno.test("a module runs on its own memory, or on a shared one", () => {
  const code = [["i32.const", 8], ["i32.const", 42], ["i32.store", 2, 0]] as const;
  const module = assemble({ name: "run", params: [], locals: [], code });
  const memories = [
    [new WebAssembly.Memory({ initial: 1 }), module],
    [new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true }), withSharedMemory(module, 65536)],
  ] as const;
  for (const [memory, bytes] of memories) {
    const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
    assert(typeof run === "function");
    run();
    assertEquals(new Int32Array(memory.buffer)[2], 42);
  }
});
