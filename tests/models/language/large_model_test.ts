/** A model of a billion parameters: what it compiles to, the bytes that it needs, and the logits of its first layer. */
import { assert, assertEquals } from "@std/assert";
import { devices } from "../../devices.ts";
import { planLlama, runLlama } from "./check_llama.ts";

Deno.test("Llama-3.2-1B with 2,048 tokens takes at most 0.8 GB, and no function falls back", () => {
  const { built, bytes } = planLlama();
  for (const { functions, executable } of built) {
    const falls = functions.filter((f) => f.rule === "Fallback").map((f) => f.func.name);
    assertEquals(falls, []);
    // Layers share their functions, so that what is compiled doesn't grow with them.
    assert(new Set(functions).size <= 12);
    // Parameters are read where they lie, so nothing comes on top of the plan.
    assert(executable.buffers.every((b) => b.storage.kind === "buffer"));
    assert(executable.launches.every((l) => !l.prepares));
  }
  assert(bytes < 0.8e9, `${bytes}`);
});

for (const device of devices.filter((d) => d.target.kind !== "cpu")) {
  Deno.test(`Llama-3.2-1B's first layer and its vocabulary agree with plain loops on ${device.target.name}`, async () => {
    const { off, picked } = await runLlama(device, 1);
    assert(off < 0.02 && picked, `off by ${off}, ${picked}`);
  });
}
