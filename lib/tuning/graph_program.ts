import { tempsOf } from "../codegen/link_executables.ts";
import type { Inputs, Shapes } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { DeviceTensor } from "../runtime/device_tensor.ts";
import type { Bound } from "../runtime/backend.ts";
import { checkOptions } from "../base/check_options.ts";
import type { Graph } from "../relax/graph.ts";
import type { Device } from "../runtime/device.ts";
import type { Level } from "./built.ts";
import type { BuiltGraph } from "./built_graph.ts";
import { inputsFor } from "./graph_arguments.ts";
import { memoryOf, nodesOf } from "./graph_tables.ts";
import type { Table } from "npm:apache-arrow@21.2.0";
import type { GraphProfile } from "./graph_profile.ts";
import { PROFILE_FIELDS, profileGraph, type ProfileOptions } from "./profile_graph.ts";

/** What runs: a program, or one with its weights on the device. */
interface Runs {
  run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>>;
  submit(inputs: Inputs, shapes?: Shapes): Promise<Record<string, DeviceTensor>>;
  bind(inputs: Inputs, shapes?: Shapes): Promise<Bound>;
  /** Does something with the program of these sizes, where each has its own. */
  at?<T>(sizes: Shapes, use: (program: GraphProgram, rest: Shapes) => Promise<T>): Promise<T>;
}

/** What a built graph comes from. */
export interface GraphContext {
  /** The graph before the passes. */
  readonly source: Graph;
  /** The level that it was built at. */
  readonly level: Level;
  /** The device. */
  readonly device: Device;
  /** The most that each shape variable may be. */
  readonly bounds: Shapes;
}

/** A graph on a device, with its weights. Dispose it, or declare it with `using`. */
export class GraphProgram implements Disposable {
  readonly #runs: Runs;
  readonly #held: DisposableStack;

  readonly #on: GraphContext;

  /** What `build` makes of a graph. */
  constructor(
    /** The graph after the passes, its functions and its memory. */
    readonly built: BuiltGraph,
    runs: Runs,
    held: DisposableStack,
    on: GraphContext,
  ) {
    this.#runs = runs;
    this.#held = held;
    this.#on = on;
  }

  /** The graph that was given to `build`. */
  get source(): Graph {
    return this.#on.source;
  }

  /** The level that it was built at. */
  get level(): Level {
    return this.#on.level;
  }

  /**
   * Times each function alone, on random inputs of its own, and the whole: where the time of a run goes. It takes a second or
   * more, and as much memory again as the largest function.
   *
   * @throws {OptionError} for an option that doesn't exist or can't have its value
   */
  async profile(options: ProfileOptions = {}): Promise<GraphProfile> {
    checkOptions("model.profile", options, PROFILE_FIELDS);
    const { source, level, device, bounds } = this.#on;
    const { shapes = bounds, seed = 0 } = options;
    const own = this.#runs.at?.(
      { ...bounds, ...shapes },
      (p, rest) => p.profile({ ...options, shapes: rest }),
    );
    if (own) return await own;
    using bound = await this.#runs.bind(inputsFor(source, {}, shapes, seed), shapes);
    return await profileGraph({ built: this.built, level, device }, bound, { ...options, shapes });
  }

  /**
   * Runs the graph once: inputs by name as typed arrays of their dtypes, row-major, or as tensors of the device; outputs as
   * arrays. Shape variables follow from the inputs' lengths where they can, and from tensors' shapes. One submission and
   * one wait. An input that the graph updates in place is updated where it is a tensor, and among the outputs where it is
   * an array.
   *
   * @throws {RuntimeError} for inputs that don't fit, shapes past their bounds, and what the device reports
   */
  async run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>> {
    return await this.#runs.run(inputs, shapes);
  }

  /**
   * Runs the graph once, as {@linkcode run} does, and leaves the outputs on the device as tensors. It does not wait for them:
   * what is submitted or read later comes after it, so the next run can be on its way while this one runs.
   *
   * @throws {RuntimeError} for inputs that don't fit, shapes past their bounds, and what the device reports about the
   * submission
   */
  async submit(inputs: Inputs, shapes?: Shapes): Promise<Record<string, DeviceTensor>> {
    return await this.#runs.submit(inputs, shapes);
  }

  /** Puts the inputs on the device once, to run many times. */
  async bind(inputs: Inputs, shapes?: Shapes): Promise<Bound> {
    return await this.#runs.bind(inputs, shapes);
  }

  /** Kernels that a run launches, weights apart. */
  get launches(): number {
    return this.built.executable.launches.filter((l) => !l.prepares).length;
  }

  /** Says which functions run, in order: the rule of each, what it is fused from, its kernels; and the memory. */
  explain(): string {
    const { graph, functions, memory } = this.built;
    const calls = graph.bindings.map(({ results }, k) => {
      const { func, rule, how, executable } = functions[k] as typeof functions[number];
      const temps = tempsOf(executable).length;
      const kernels = executable.launches.filter((l) => !l.prepares).length;
      return `${results.map((v) => v.name).join(", ")} = ${func.name}: ${rule}${
        how === "record" ? " (record)" : ""
      }, ${kernels} ` +
        `kernel${kernels === 1 ? "" : "s"}${temps > 0 ? `, ${temps} intermediates` : ""}`;
    });
    const share = memory.live > 0
      ? ` (${(memory.bytes / memory.live).toFixed(2)} of what lives at one time)`
      : "";
    const { length } = memory.textures;
    const textures = length > 0 ? ` and ${length} texture${length === 1 ? "" : "s"}` : "";
    return [
      `${graph.name}: ${this.launches} launches, ${memory.storages.length} storages${
        memory.behind ? " in an arena" : ""
      }${textures} of ${memory.bytes} bytes${share}`,
      ...calls,
    ].join("\n");
  }

  /**
   * Lists the graph's inputs, its functions, and its operators before fusion, as `charts.fusedGraph` takes
   * them: one row a node, with the function that computes each operator.
   */
  nodeTable(): Table {
    return nodesOf(this.built);
  }

  /** Lists what lies in each storage from which call to which, as `charts.memoryOverTime` takes it. */
  memoryTable(): Table {
    return memoryOf(this.built, this.#on.bounds);
  }

  /** Frees the program, its weights and its buffers. */
  [Symbol.dispose](): void {
    this.#held.dispose();
  }
}
