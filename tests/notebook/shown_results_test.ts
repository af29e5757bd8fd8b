import { assert, assertEquals } from "@std/assert";
import { autotvm, build, compile, Device, dlight, te } from "../../mod.ts";
import { fakeJupyter } from "./fake_jupyter.ts";

/** What a cell shows of its last value. */
async function lastValue(thing: object): Promise<Readonly<Record<string, string>>> {
  return await Reflect.apply(Reflect.get(thing, Symbol.for("Jupyter.display")), thing, []);
}

const func = te.matmul({ m: 4, n: 4, k: 4 });

Deno.test("what is built, compiled, explained or found shows itself, and is what it was", async () => {
  using device = await Device.open({ backend: "cpu" });
  const ruled = dlight.schedule(func, device.target), { func: scheduled } = ruled;
  const executable = compile(scheduled, device.target);
  using program = await build(scheduled, device);
  const explained = dlight.explain(func, device.target);
  assertEquals(structuredClone(executable), { ...executable });
  for (const thing of [executable, program, explained, ruled]) {
    const shown = await lastValue(thing);
    assertEquals(Object.keys(shown), ["text/html", "text/plain"]);
    assertEquals(Deno.inspect(thing), shown["text/plain"]);
  }
  assert((await lastValue(program))["text/plain"]?.includes(program.source.trim().split("\n")[0] ?? "none"));

  assert((await lastValue(ruled))["text/plain"]?.startsWith("matmul, scheduled by Matmul in "));

  using fake = fakeJupyter();
  const log = await autotvm.tune(func, device, { budget: { trials: 2 }, rounds: 1 });
  const last = await lastValue(log);
  assertEquals(fake.messages.map((m) => "text/html" in m.data), [true, false]);
  assert(fake.messages[0]?.data["text/plain"]?.startsWith("matmul, AutoTVM from DLight: 2 trials"));
  assert(last["text/plain"]?.includes("configuration"));
});
