import { assert, assertEquals, assertRejects } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { Device } from "../../lib/runtime/device.ts";
import { RuntimeError } from "../../lib/runtime/error.ts";
import { longEnough } from "../../lib/runtime/probe.ts";
import type { Profile } from "../../lib/target/target.ts";
import { devices } from "../devices.ts";

for (const { target: { kind: backend } } of devices) {
  Deno.test(`${backend}: a probe finds rates that a machine can have, once`, async () => {
    using device = await Device.open({ backend });
    assertEquals(device.target.peaks, undefined);
    const peaks = await device.probe();
    assertEquals(device.target.peaks, peaks);
    assertEquals(await device.probe(), peaks);
    const { gflops, bufferGbps, textureGbps, copyGbps, launchMs } = peaks;
    // From a slow core to a data centre's GPU.
    assert(gflops > 0.1 && gflops < 1e6, `${gflops} GFLOP/s`);
    for (const gbps of [bufferGbps, copyGbps]) assert(gbps > 0.05 && gbps < 1e5, `${gbps} GB/s`);
    assert(backend === "cpu" ? textureGbps === 0 : textureGbps > 0.05);
    assert(launchMs > 0 && launchMs < 50, `${launchMs} ms`);
  });
}

Deno.test("a device takes the profile that it is told, and refuses one that there isn't", async () => {
  using device = await Device.open({ backend: "cpu", profile: "nvidia" });
  assertEquals([device.target.profile, device.target.kind], ["nvidia", "cpu"]);
  const profile = "voodoo" as Profile;
  await assertRejects(
    () => Device.open({ backend: "cpu", profile }),
    TunebookError,
    'llvmpipe, cpu, got "voodoo"',
  );
});

Deno.test("a probe does more on a device that is done too soon, as far as the device takes it", async () => {
  const sizes: number[] = [];
  const device = (msOfOne: number, refused = Infinity) => (scale: number) => {
    sizes.push(scale);
    if (scale < refused) return Promise.resolve(msOfOne * scale);
    return Promise.reject(new RuntimeError("expected less memory"));
  };
  assertEquals(await longEnough(device(2), 64), { scale: 1, ms: 2 });
  assertEquals(await longEnough(device(0.125), 64), { scale: 16, ms: 2 });
  assertEquals(await longEnough(device(0.001), 8), { scale: 4, ms: 0.004 });
  assertEquals(await longEnough(device(0.125, 16), 64), { scale: 4, ms: 0.5 });
  assertEquals(sizes, [1, 1, 4, 16, 1, 4, 1, 4, 16]);
  const bug = new TypeError("a bug");
  await assertRejects(
    () => longEnough((scale) => scale > 1 ? Promise.reject(bug) : Promise.resolve(0), 4),
    TypeError,
  );
});
