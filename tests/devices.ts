/** The devices that tests run on. Where no adapter is there, WebGPU is left out, but never in CI. */
import { Device } from "../lib/runtime/device.ts";

const gpu = await navigator.gpu?.requestAdapter() ? await Device.open({ prefer: "webgpu" }) : undefined;
if (!gpu && Deno.env.get("CI") === "true") {
  throw new Error("no WebGPU adapter: CI must have one (Debian: mesa-vulkan-drivers libvulkan1)");
}

/** The CPU, and the WebGPU adapter if there is one; open as long as the test module runs. */
export const devices: readonly Device[] = [await Device.open({ prefer: "cpu" }), ...(gpu ? [gpu] : [])];
