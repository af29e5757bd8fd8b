import type { Executable } from "../codegen/executable.ts";
import type { Target } from "../target/target.ts";
import type { Backend } from "./backend.ts";
import { openCpu } from "./cpu_backend.ts";
import { NoDeviceError } from "./error.ts";
import { Program } from "./program.ts";
import { openWebGpu } from "./webgpu_backend.ts";

export interface DeviceOptions {
  /** Insist on a kind; left out, the WebGPU adapter is taken, or the CPU where there is none. */
  readonly prefer?: "webgpu" | "cpu";
}

/** A device that runs programs: a WebGPU adapter, or the CPU. Dispose it, or declare it with `using`. */
export class Device implements Disposable {
  readonly #backend: Backend;

  private constructor(backend: Backend) {
    this.#backend = backend;
  }

  /**
   * Opens the WebGPU adapter with all its limits, or the CPU where there is no adapter.
   *
   * @throws {NoDeviceError} if WebGPU was insisted on and there is no adapter
   */
  static async open({ prefer }: DeviceOptions = {}): Promise<Device> {
    const runtime = `Deno ${Deno.version.deno}`;
    if (prefer === "cpu") return new Device(openCpu(runtime));
    const gpu = await openWebGpu(runtime);
    if (gpu) return new Device(gpu);
    if (prefer === "webgpu") {
      throw new NoDeviceError(
        "cannot open a WebGPU device: no adapter was found; install a Vulkan driver (on Debian, mesa-vulkan-drivers " +
          'and libvulkan1 give one in software), or use Device.open({ prefer: "cpu" })',
      );
    }
    return new Device(openCpu(runtime));
  }

  /** The device as plain data. */
  get target(): Target {
    return this.#backend.target;
  }

  /**
   * Compiles an executable on this device.
   *
   * @throws {CompileError} for source that the driver refuses
   * @throws {LaunchLimitError} where a limit stands against it
   */
  async load(executable: Executable): Promise<Program> {
    return new Program(executable, await this.#backend.load(executable));
  }

  [Symbol.dispose](): void {
    this.#backend[Symbol.dispose]();
  }
}
