import type { Executable } from "../codegen/executable.ts";
import { PROFILES } from "../target/profiles.ts";
import type { Peaks, Profile, Target } from "../target/target.ts";
import type { Backend } from "./backend.ts";
import { openCpu } from "./cpu/open_cpu.ts";
import { NoDeviceError, RuntimeError } from "./error.ts";
import { probe } from "./probe.ts";
import { Program } from "./program.ts";
import { openWebGpu } from "./webgpu/open_webgpu.ts";
import { HOST } from "./platform.ts";
import { checkArgument, checkOptions, type Fields, type Kind } from "../base/check_options.ts";
import { byteCount, bytesOf } from "../base/byte_count.ts";
import {
  arrayOf,
  flag,
  integer,
  oneOf,
  passing,
  positive,
  required,
  text,
  withFields,
} from "../base/option_kinds.ts";
import type { StorageType } from "../ir/dtype.ts";
import { storageTypeKind } from "../ir/kinds.ts";
import { dtypeOf, type TypedArray } from "./arrays.ts";
import { arrayKind, checkArray, DeviceTensor } from "./device_tensor.ts";
import type { MemoryUse } from "./ledger.ts";

/** Options of `Device.open`. */
export interface DeviceOptions {
  /** The kind of device, "webgpu" or "cpu". Default: the WebGPU adapter, or the CPU if there is none. */
  readonly backend?: "webgpu" | "cpu";
  /**
   * The language of kernels on the CPU: "wasm", or "js", which is slower by far and the same on every machine. Default
   * "wasm". What WebAssembly can't hold is JavaScript in both.
   */
  readonly language?: "wasm" | "js";
  /**
   * Whether kernels on the CPU use relaxed SIMD, where the host has it: it is faster, and results may differ between
   * machines in the last bit. Default true.
   */
  readonly relaxedSimd?: boolean;
  /**
   * The threads on the CPU that share the work of a launch, this one among them, from 1 to 64; small launches stay on this
   * one. With more than one, wall time is what counts: tune on one. A page must be cross-origin isolated, and has one
   * otherwise; `target.threads` says how many there are. They end with the device: dispose it. Default 1.
   */
  readonly threads?: number;
  /** Uses the presets of this profile. Default: the profile that the adapter's description matches. */
  readonly profile?: Profile;
  /**
   * Asks for subgroup operations also where the adapter does not list them, as Deno's adapters never do. Default false.
   * `target.subgroups` states whether they are there and compute.
   */
  readonly subgroups?: boolean;
  /**
   * The most that programs and tensors may take on the device: bytes, or text as `"2 GiB"`. What is idle is freed before
   * more is refused. Default: no limit.
   */
  readonly memoryLimit?: number | string;
}

const DEVICE_FIELDS = {
  backend: oneOf("webgpu", "cpu"),
  language: oneOf("wasm", "js"),
  relaxedSimd: flag,
  threads: integer({ min: 1, max: 64 }),
  profile: oneOf(...Object.keys(PROFILES) as readonly Profile[]),
  subgroups: flag,
  memoryLimit: byteCount,
} satisfies Fields<DeviceOptions>;

const list = required(passing("a list", Array.isArray));
const EXECUTABLE: Kind<Executable> = withFields("a compiled program, as compile(func, device.target) makes", {
  name: required(text),
  language: required(text),
  shapeVars: list,
  buffers: list,
  launches: list,
});

const shapeKind: Kind<readonly number[]> = arrayOf(positive);

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
   * @throws {RuntimeError} if a thread of the CPU does not start
   * @throws {TunebookError} for an unknown profile
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    checkOptions("Device.open", options, DEVICE_FIELDS, { prefer: '"backend"' });
    const { backend, profile, subgroups = false, language = "wasm", relaxedSimd = true, threads = 1 } =
      options;
    const memoryLimit = options.memoryLimit === undefined ? undefined : bytesOf(options.memoryLimit);
    const limit = memoryLimit === undefined ? {} : { memoryLimit };
    const cpu = async () =>
      new Device(await openCpu({ runtime: HOST, language, relaxedSimd, threads, ...limit }), profile);
    if (backend === "cpu") return await cpu();
    const gpu = await openWebGpu(HOST, { subgroups, ...limit });
    if (gpu) return new Device(gpu, profile);
    if (backend === "webgpu") {
      throw new NoDeviceError(
        "cannot open a WebGPU device: no adapter was found; install a Vulkan driver (on Debian, mesa-vulkan-drivers " +
          'and libvulkan1 give one in software), or use Device.open({ backend: "cpu" })',
      );
    }
    return await cpu();
  }

  /** The device as plain data. */
  get target(): Target {
    return this.#target;
  }

  /** The bytes that are taken on the device, by what they are for. */
  get memory(): MemoryUse {
    return this.#backend.memory;
  }

  /**
   * Puts a tensor on the device, where it stays until it is disposed: an argument of programs, or weights of graphs.
   *
   * @param data the elements, row-major
   * @param shape the extent of each dimension; `[]` is a scalar
   * @param dtype default: that of the array; of a Uint32Array u32, of a Uint16Array bf16
   * @throws {RuntimeError} for another number of elements, and where a limit of the device is exceeded
   */
  tensor(data: TypedArray, shape: readonly number[], dtype?: StorageType): DeviceTensor {
    checkArgument("device.tensor", "data", data, arrayKind);
    checkArgument("device.tensor", "shape", shape, shapeKind);
    if (dtype !== undefined) checkArgument("device.tensor", "dtype", dtype, storageTypeKind);
    const type = dtype ?? dtypeOf(data), length = shape.reduce((n, d) => n * d, 1);
    const asked = `making a tensor ${type}[${shape}]`;
    checkArray(asked, type, data);
    if (data.length !== length) {
      throw new RuntimeError(`expected ${length} elements, got ${data.length}, ${asked}`);
    }
    const made = new DeviceTensor(this.#backend.hold(type, length, false), shape);
    made.write(data);
    return made;
  }

  /**
   * Makes a tensor of zeros on the device, as {@linkcode tensor} does.
   *
   * @throws {RuntimeError} where a limit of the device is exceeded
   */
  zeros(shape: readonly number[], dtype: StorageType = "f32"): DeviceTensor {
    checkArgument("device.zeros", "shape", shape, shapeKind);
    checkArgument("device.zeros", "dtype", dtype, storageTypeKind);
    const length = shape.reduce((n, d) => n * d, 1);
    return new DeviceTensor(this.#backend.hold(dtype, length, true), shape);
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
