/** The body of a function while it is written: its locals and instructions. */
import { type Instruction, type Local, NO_RESULT } from "./assemble.ts";
import { type Op, TYPES, type WasmType } from "./opcodes.ts";

/** Writes instructions that put a value on the stack. */
export type Push = () => void;

/** An unfinished function body. Values go over the stack, as in WebAssembly. */
export class Body {
  readonly #code: Instruction[] = [];
  readonly #begin: Instruction[] = [];
  readonly #constants = new Map<string, number>();
  readonly #locals: Local[] = [];
  readonly #free = new Map<WasmType, number[]>();

  /** Takes the parameters of the function: the first locals. */
  constructor(readonly params: readonly Local[]) {}

  /** The locals after the parameters. */
  get locals(): readonly Local[] {
    return this.#locals;
  }

  /** The instructions so far. */
  get code(): readonly Instruction[] {
    return [...this.#begin, ...this.#code];
  }

  /** Makes a local; gives its index. */
  local(name: string, type: WasmType, isConstant = false): number {
    this.#locals.push({ name, type, ...(isConstant ? { isConstant } : {}) });
    return this.params.length + this.#locals.length - 1;
  }

  /** Lends a local to `use`, and takes it back for others. */
  temp(type: WasmType, use: (local: number) => void): void {
    const free = this.#free.get(type) ?? [];
    this.#free.set(type, free);
    const lent = free.pop() ?? this.local(`t${this.#locals.length}`, type);
    use(lent);
    free.push(lent);
  }

  /** Lends several locals of one type. */
  temps(type: WasmType, count: number, use: (locals: readonly number[]) => void): void {
    const lend = (have: readonly number[]): void =>
      have.length === count ? use(have) : this.temp(type, (l) => lend([...have, l]));
    lend([]);
  }

  /** Writes an instruction. */
  op(op: Op, ...immediates: readonly number[]): this {
    this.#code.push([op, ...immediates]);
    return this;
  }

  /** Pushes a local. */
  get(local: number): this {
    return this.op("local.get", local);
  }

  /** Pops into a local. */
  set(local: number): this {
    return this.op("local.set", local);
  }

  /** Copies the top of the stack into a local. */
  tee(local: number): this {
    return this.op("local.tee", local);
  }

  /** Pushes an integer. */
  i32(value: number): this {
    return this.op("i32.const", value | 0);
  }

  /** Pushes a float. */
  f32(value: number): this {
    return this.op("f32.const", value);
  }

  /** Pushes a vector of integers: of one number in all lanes, or of four. */
  i32x4(...values: readonly number[]): this {
    const lanes = values.length === 1 ? Array<number>(4).fill(values[0] as number) : values;
    return this.#vector(new Uint8Array(Int32Array.from(lanes, (x) => x | 0).buffer));
  }

  /** Pushes a vector of floats: of one number in all lanes, or of four. */
  f32x4(...values: readonly number[]): this {
    const lanes = values.length === 1 ? Array<number>(4).fill(values[0] as number) : values;
    return this.#vector(new Uint8Array(Float32Array.from(lanes).buffer));
  }

  /**
   * Engines make a constant vector where it stands, at each iteration of a loop, and of several instructions. So it is
   * made once, where the function begins; zero is one instruction.
   */
  #vector(bytes: Uint8Array): this {
    if (bytes.every((b) => b === 0)) return this.op("v128.const", ...bytes);
    const key = bytes.join();
    let known = this.#constants.get(key);
    if (known === undefined) {
      known = this.local(`c${this.#constants.size}`, "v128", true);
      this.#constants.set(key, known);
      this.#begin.push(["v128.const", ...bytes], ["local.set", known]);
    }
    return this.get(known);
  }

  /** Runs `then` where the integer on the stack isn't 0, and `otherwise` elsewhere. Both push a value of the type, if any. */
  if(type: WasmType | undefined, then: Push, otherwise?: Push): this {
    this.op("if", type === undefined ? NO_RESULT : TYPES[type]);
    then();
    if (otherwise) {
      this.op("else");
      otherwise();
    }
    return this.op("end");
  }

  /** Runs `body` for `count` times, which `times` pushes; the local counts from 0. */
  for(counter: number, times: number | Push, body: () => void): this {
    if (times === 0) return this;
    const loop = (end: Push) => {
      this.i32(0).set(counter).op("loop", NO_RESULT);
      body();
      this.get(counter).i32(1).op("i32.add").tee(counter);
      end();
      this.op("i32.lt_s").op("br_if", 0).op("end");
    };
    if (typeof times === "number") {
      if (times > 1) loop(() => this.i32(times));
      else {
        this.i32(0).set(counter);
        body();
      }
      return this;
    }
    this.temp("i32", (end) => {
      times();
      this.tee(end).i32(0).op("i32.gt_s");
      this.if(undefined, () => loop(() => this.get(end)));
    });
    return this;
  }
}
