import { assert, assertEquals, assertRejects } from "@std/assert";
import { TunebookError } from "../../lib/base/error.ts";
import { Device } from "../../lib/runtime/device.ts";
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
