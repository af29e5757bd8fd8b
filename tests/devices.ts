/**
 * The devices that tests run on: the CPU, and the WebGPU adapter where it has f16. Mesa's OpenGL has none.
 *
 * `TUNEBOOK_EXPECT` names the adapter that must be there: `vulkan` (one with f16), `opengl` (one without) or `none`.
 * With `CI=true` and without `TUNEBOOK_EXPECT` it is `vulkan`. Otherwise any will do.
 */
import { Device } from "../lib/runtime/device.ts";

const EXPECTED = ["vulkan", "opengl", "none"] as const;
type Expected = typeof EXPECTED[number];

const adapter = await navigator.gpu?.requestAdapter();
/** Which kind of adapter this machine has, as TUNEBOOK_EXPECT names them. */
export const found: Expected = adapter ? adapter.features.has("shader-f16") ? "vulkan" : "opengl" : "none";

const expected = Deno.env.get("TUNEBOOK_EXPECT") ?? (Deno.env.get("CI") === "true" ? "vulkan" : undefined);
if (expected !== undefined && expected !== found) {
  throw new Error(
    EXPECTED.some((name) => name === expected)
      ? `expected the adapter ${expected}, got ${found} (vulkan: one with shader-f16, on Debian mesa-vulkan-drivers ` +
        "libvulkan1; opengl: one without; none: no adapter)"
      : `expected TUNEBOOK_EXPECT to be one of ${EXPECTED.join(", ")}, got ${expected}`,
  );
}

const gpu = found === "vulkan" ? await Device.open({ backend: "webgpu" }) : undefined;

/** The CPU in its other ways: WebAssembly without relaxed SIMD, and JavaScript. */
export const otherCpus: readonly Device[] = [
  await Device.open({ backend: "cpu", relaxedSimd: false }),
  await Device.open({ backend: "cpu", language: "js" }),
];

/** Names a device; strict WebAssembly has the same name as relaxed. */
export function nameOf({ target }: Device): string {
  return target.language === "wasm" && !target.relaxedSimd ? `${target.name}, strict` : target.name;
}

/** The CPU, and the WebGPU adapter if there is one; open as long as the test module runs. */
export const devices: readonly Device[] = [await Device.open({ backend: "cpu" }), ...(gpu ? [gpu] : [])];
