/**
 * The devices that tests run on. Where no adapter is there, or one that lacks what is tested (Mesa's GL has no
 * f16), WebGPU is left out, but never in CI.
 */
import { Device } from "../lib/runtime/device.ts";

const adapter = await navigator.gpu?.requestAdapter();
const gpu = adapter?.features.has("shader-f16") ? await Device.open({ backend: "webgpu" }) : undefined;
if (!gpu && Deno.env.get("CI") === "true") {
  throw new Error(
    "no WebGPU adapter with shader-f16: CI must have one (Debian: mesa-vulkan-drivers libvulkan1)",
  );
}

/** The CPU, and the WebGPU adapter if there is one; open as long as the test module runs. */
export const devices: readonly Device[] = [await Device.open({ backend: "cpu" }), ...(gpu ? [gpu] : [])];
