/** A device whose clocks and results are made up, so that measuring itself can be measured. */
import type { Executable } from "../../lib/codegen/executable.ts";
import type { TypedArray } from "../../lib/runtime/arrays.ts";
import type { Spent } from "../../lib/runtime/backend.ts";
import type { Device } from "../../lib/runtime/device.ts";
import { Program } from "../../lib/runtime/program.ts";
import { targetOf } from "../../lib/target/profiles.ts";
import type { Target } from "../../lib/target/target.ts";
import { right } from "./executables.ts";

export interface Behaviour {
  /** Milliseconds that the n-th run takes, from 0. Runs that are checked only have no number, but the first. */
  readonly ms: (n: number) => number;
  /** Milliseconds on top of the runs asked for, before which `n` were done. Default 0. */
  readonly overheadMs?: (n: number) => number;
  /** Called before the n-th run; may throw. */
  readonly before?: (n: number) => void;
  /** Added to the results after `n` runs. Default nothing. */
  readonly off?: (n: number) => number;
  /** What another clock says of so many wall milliseconds. Default the same. */
  readonly cpu?: (wall: number) => number;
  readonly timestamp?: (wall: number) => number;
}

export class Simulated {
  /** Every call of `run`: whose, how many runs at a time, and whether its results were poisoned before. */
  readonly calls: { readonly name: string; readonly times: number; readonly checked: boolean }[] = [];
  /** Programs and arguments that are still held. */
  held = 0;
  readonly target: Target;
  readonly #behaviours: Readonly<Record<string, Behaviour>>;

  constructor(behaviours: Readonly<Record<string, Behaviour>>, target: Partial<Target> = {}) {
    this.#behaviours = behaviours;
    this.target = { ...targetOf("llvmpipe"), ...target };
  }

  /** The calls that ran something and are no checks. */
  get timed(): readonly { readonly name: string; readonly times: number }[] {
    return this.calls.filter((c) => c.times > 0 && !c.checked);
  }

  /** What `Bench` takes. */
  get device(): Device {
    return { target: this.target, load: (exe: Executable) => this.#load(exe) } as unknown as Device;
  }

  /** An executable that behaves as the behaviour of that name. */
  executable(name: string): Executable {
    return { ...right.webgpu, name };
  }

  #load(exe: Executable): Promise<Program> {
    const behaviour = this.#behaviours[exe.name];
    if (!behaviour) throw new Error(`no behaviour ${exe.name}`);
    const release = () => void this.held--;
    const unused = () => Promise.reject(new Error("a candidate is bound, to be run many times"));
    this.held++;
    return Promise.resolve(
      new Program(exe, {
        device: this,
        submit: unused,
        bind: (inputs) => {
          this.held++;
          let n = 0, checked = false;
          const run = (times: number): Promise<Spent> => {
            this.calls.push({ name: exe.name, times, checked });
            const wasChecked = checked && n > 0;
            checked = false;
            if (wasChecked) {
              const wall = behaviour.ms(n - 1) * times;
              return Promise.resolve({ wall, cpu: wall });
            }
            let wall = behaviour.overheadMs?.(n) ?? 0;
            for (let t = 0; t < times; t++) {
              behaviour.before?.(n);
              wall += behaviour.ms(n++);
            }
            const { cpu = (x) => x, timestamp } = behaviour;
            return Promise.resolve({
              wall,
              cpu: cpu(wall),
              ...(timestamp ? { timestamp: timestamp(wall) } : {}),
            });
          };
          const read = () => {
            const off = behaviour.off?.(n) ?? 0;
            const B = (inputs.A as TypedArray).map((x) => x + x + off) as TypedArray;
            return Promise.resolve({ B });
          };
          return Promise.resolve({
            poison: () => void (checked = true),
            run,
            read,
            [Symbol.dispose]: release,
          });
        },
        run: unused,
        prepare: unused,
        [Symbol.dispose]: release,
      }),
    );
  }
}
