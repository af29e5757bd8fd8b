import type { Executable } from "../codegen/executable.ts";
import { PROFILES } from "../target/profiles.ts";
import type { Peaks, Profile, Target } from "../target/target.ts";
import type { Backend } from "./backend.ts";
import { openCpu } from "./cpu/open_cpu.ts";
import { NoDeviceError } from "./error.ts";
import { probe } from "./probe.ts";
import { Program } from "./program.ts";
import { openWebGpu } from "./webgpu/open_webgpu.ts";
import { HOST } from "./platform.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { flag, oneOf, passing, required, text, withFields } from "../base/option_kinds.ts";

/** Options of `Device.open`. */
export interface DeviceOptions {
  /** The kind of device, "webgpu" or "cpu". Default: the WebGPU adapter, or the CPU if there is none. */
  readonly backend?: "webgpu" | "cpu";
  /** Uses the presets of this profile. Default: the profile that the adapter's description matches. */
  readonly profile?: Profile;
  /**
   * Asks for subgroup operations also where the adapter does not list them, as Deno's adapters never do. Default false.
   * `target.subgroups` states whether they are there and compute.
   */
  readonly subgroups?: boolean;
}

const DEVICE_FIELDS = {
  backend: oneOf("webgpu", "cpu"),
  profile: oneOf(...Object.keys(PROFILES) as readonly Profile[]),
  subgroups: flag,
} satisfies Fields<DeviceOptions>;

const list = required(passing("a list", Array.isArray));
const EXECUTABLE: Kind<Executable> = withFields("a compiled program, as compile(func, device.target) makes", {
  name: required(text),
  language: required(text),
  shapeVars: list,
  buffers: list,
  launches: list,
});

/** A device that runs programs: a WebGPU adapter, or the CPU. Dispose it, or declare it with `using`. */
export class Device implements Disposable {
  readonly #backend: Backend;
  #target: Target;

  private constructor(backend: Backend, profile: Profile | undefined) {
    this.#backend = backend;
    this.#target = profile === undefined ? backend.target : { ...backend.target, profile };
  }

  /**
   * Opens the WebGPU adapter with all its limits, or the CPU where there is no adapter.
   *
   * @throws {NoDeviceError} if WebGPU was asked for and there is no adapter
   * @throws {TunebookError} for an unknown profile
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    checkOptions("Device.open", options, DEVICE_FIELDS, { prefer: '"backend"' });
    const { backend, profile, subgroups } = options;
    if (backend === "cpu") return new Device(openCpu(HOST), profile);
    const gpu = await openWebGpu(HOST, subgroups);
    if (gpu) return new Device(gpu, profile);
    if (backend === "webgpu") {
      throw new NoDeviceError(
        "cannot open a WebGPU device: no adapter was found; install a Vulkan driver (on Debian, mesa-vulkan-drivers " +
          'and libvulkan1 give one in software), or use Device.open({ backend: "cpu" })',
      );
    }
    return new Device(openCpu(HOST), profile);
  }

  /** The device as plain data. */
  get target(): Target {
    return this.#target;
  }

  /** Measures the rates of the device, once, in about a second. From then on `target.peaks` has them. */
  async probe(): Promise<Peaks> {
    const peaks = this.#target.peaks ?? await probe(this.#backend);
    this.#target = { ...this.#target, peaks };
    return peaks;
  }

  /**
   * Compiles an executable on this device. `otherwise` makes the program that takes over launches with shapes past the
   * device's limits; without it they are refused.
   *
   * @throws {CompileError} for source that the driver refuses
   * @throws {LaunchLimitError} where a limit of the device is exceeded
   */
  async load(executable: Executable, otherwise?: () => Promise<Program>): Promise<Program> {
    checkArgument("device.load", "executable", executable, EXECUTABLE);
    return new Program(executable, await this.#backend.load(executable), otherwise);
  }

  /** Closes the device. Programs on it can't run any more. */
  [Symbol.dispose](): void {
    this.#backend[Symbol.dispose]();
  }
}
