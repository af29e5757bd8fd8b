/** A graph some of whose sizes are known at a run only: each gets a program of its own. */
import { exprToJson } from "../ir/json.ts";
import { pickShapes, type Shapes } from "../ir/shapes.ts";
import type { Graph } from "../relax/graph.ts";
import { checkArguments, type Inputs } from "../runtime/arguments.ts";
import type { TypedArray } from "../runtime/arrays.ts";
import type { Bound } from "../runtime/backend.ts";
import type { DeviceTensor } from "../runtime/device_tensor.ts";
import type { Target } from "../target/target.ts";
import type { GraphProgram } from "./graph_program.ts";

/** Programs that are kept, at most: those of the sizes that were last run. */
const MOST = 4;

/** A program of some sizes, and the number of those that use it at the moment. */
interface Kept {
  readonly program: Promise<GraphProgram>;
  users: number;
}

/** What {@linkcode SpecializedRuns} takes. */
export interface SpecializedOptions {
  /** The shape variables whose values programs know. */
  readonly names: readonly string[];
  /** The most that shape variables may be. */
  readonly bounds: Shapes;
  /** Builds the program of some sizes. */
  readonly make: (sizes: Shapes) => Promise<GraphProgram>;
}

/** Runs a graph by a program for each of the sizes that certain shape variables have. */
export class SpecializedRuns implements Disposable {
  readonly #kept = new Map<string, Kept>();
  #open = true;

  /** Runs a graph on a target. */
  constructor(readonly graph: Graph, readonly target: Target, readonly how: SpecializedOptions) {}

  /** Takes the program of some sizes. */
  add(sizes: Shapes, program: GraphProgram): void {
    this.#kept.set(this.#key(sizes), { program: Promise.resolve(program), users: 0 });
  }

  /** Runs the program of these sizes. */
  async run(inputs: Inputs, shapes?: Shapes): Promise<Record<string, TypedArray>> {
    return await this.at(this.#shapesOf(inputs, shapes), (p, rest) => p.run(inputs, rest));
  }

  /** Submits the program of these sizes. */
  async submit(inputs: Inputs, shapes?: Shapes): Promise<Record<string, DeviceTensor>> {
    return await this.at(this.#shapesOf(inputs, shapes), (p, rest) => p.submit(inputs, rest));
  }

  /** Binds the program of these sizes, which is kept until the arguments are disposed. */
  async bind(inputs: Inputs, shapes?: Shapes): Promise<Bound> {
    const [kept, rest] = this.#take(this.#shapesOf(inputs, shapes));
    try {
      const bound = await (await kept.program).bind(inputs, rest);
      return {
        poison: () => bound.poison(),
        run: (times) => bound.run(times),
        read: () => bound.read(),
        [Symbol.dispose]: () => {
          bound[Symbol.dispose]();
          this.#leave(kept);
        },
      };
    } catch (e) {
      this.#leave(kept);
      throw e;
    }
  }

  /** Does something with the program of these sizes, and the values of the shape variables that it leaves open. */
  async at<T>(
    sizes: Shapes,
    use: (program: GraphProgram, rest: Shapes) => T | Promise<T>,
  ): Promise<T> {
    const [kept, rest] = this.#take(sizes);
    try {
      return await use(await kept.program, rest);
    } finally {
      this.#leave(kept);
    }
  }

  /** The values of all shape variables, by some arguments. */
  #shapesOf(inputs: Inputs, shapes: Shapes | undefined): Shapes {
    return checkArguments(this.#signature, inputs, shapes);
  }

  /** The program of these sizes, and the values of the shape variables that it leaves open. */
  #take(sizes: Shapes): readonly [Kept, Shapes] {
    const { names } = this.how;
    const others = Object.keys(sizes).filter((name) => !names.includes(name));
    return [this.#keep(pickShapes(sizes, names)), pickShapes(sizes, others)];
  }

  /** The program of these sizes, with one more user. */
  #keep(sizes: Shapes): Kept {
    const key = this.#key(sizes), found = this.#kept.get(key);
    const kept = found ?? { program: this.how.make(sizes), users: 0 };
    kept.users++;
    // The order is that of their last use.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    // What could not be built is tried again the next time.
    if (!found) kept.program.catch(() => this.#kept.delete(key));
    return kept;
  }

  #leave(kept: Kept): void {
    kept.users--;
    this.#trim();
  }

  /** Frees the programs that were not used for longest, but for those in use. */
  #trim(): void {
    for (const [key, old] of this.#kept) {
      if (this.#open && this.#kept.size <= MOST) return;
      if (old.users > 0) continue;
      this.#kept.delete(key);
      old.program.then((p) => p[Symbol.dispose](), () => {});
    }
  }

  #key(sizes: Shapes): string {
    return this.how.names.map((name) => sizes[name]).join();
  }

  /** What arguments are checked against: the graph's inputs. */
  get #signature() {
    const { name, shapeVars, inputs } = this.graph;
    const specs = inputs.map(({ name, type: { dtype, shape } }) => ({
      name,
      dtype,
      shape: shape.map(exprToJson),
      role: "input" as const,
      storage: { kind: "buffer" as const },
    }));
    const { language } = this.target;
    const requires = Object.entries(pickShapes(this.how.bounds, this.how.names)).map(([value, atMost]) => ({
      value,
      atMost,
      because: `memory is planned for bounds { ${value}: ${atMost} }`,
    }));
    return {
      name,
      language,
      shapeVars: shapeVars.map((v) => v.name),
      buffers: specs,
      launches: [],
      requires,
    };
  }

  /** Frees all programs; one that runs is freed after its run. */
  [Symbol.dispose](): void {
    this.#open = false;
    this.#trim();
  }
}
