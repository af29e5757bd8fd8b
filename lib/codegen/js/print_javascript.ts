/**
 * A kernel as JavaScript: the body of `(buffers, uniforms, grid) => void` that runs every workgroup in turn.
 * Where threads meet at barriers, each is a generator that yields there. Floats are computed in doubles and
 * rounded where they are stored.
 */
import { isFloat, RANGE, type ScalarType } from "../../ir/dtype.ts";
import type { Binary, Buffer, Call, Expr } from "../../ir/expr.ts";
import { LowerError } from "../../lower/error.ts";
import type { Alloc, Kernel, KernelStmt } from "../../lower/kernel.ts";
import { Names } from "../names.ts";

export function printJavaScript(kernel: Kernel): string {
  return new Printer(kernel).body();
}

const ARRAY: Readonly<Record<ScalarType, string>> = {
  f32: "Float32Array",
  f16: "Float16Array",
  i32: "Int32Array",
  u32: "Uint32Array",
  bool: "Uint32Array",
};

const ERF =
  "const erf = (x) => { const a = Math.abs(x), t = 1 / (1 + 0.3275911 * a); return Math.sign(x) * (1 - " +
  "((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp(-a * a)); };";

const DOT4 = "const dot4 = (p, q) => { let sum = 0; for (let shift = 0; shift < 32; shift += 8) " +
  "sum += (p << shift >> 24) * (q << shift >> 24); return sum; };";

class Printer {
  readonly #names = new Names();
  readonly #single = new Set<Buffer>();
  readonly #lines: string[] = [];
  /** Functions that the kernel calls. */
  readonly #helpers = new Set<string>();

  constructor(readonly kernel: Kernel) {
    for (const a of kernel.locals) if (a.size === 1) this.#single.add(a.buffer);
  }

  body(): string {
    const { kernel } = this;
    const meet = hasBarrier(kernel.body);
    kernel.bindings.forEach((b, k) => this.#line(0, `const ${this.#names.of(b.buffer)} = buffers[${k}];`));
    kernel.uniforms.forEach((v, k) => this.#line(0, `const ${this.#names.of(v)} = uniforms[${k}];`));
    for (const a of kernel.shared) this.#line(0, this.#array(a));
    if (!meet) { for (const a of kernel.locals) if (a.size > 1) this.#line(0, this.#array(a)); }
    const threads = ["x", "y", "z"].map((d) => this.#thread(`threadIdx.${d}`));
    const blocks = ["x", "y", "z"].map((d) => this.#thread(`blockIdx.${d}`));
    [2, 1, 0].forEach((d) =>
      this.#line(0, `for (let ${blocks[d]} = 0; ${blocks[d]} < grid[${d}]; ${blocks[d]}++) {`)
    );
    if (meet) this.#lockstep(threads);
    else this.#inTurn(threads);
    this.#line(0, "}}}");
    return [...this.#helpers, ...this.#lines, ""].join("\n");
  }

  #thread(tag: string): string {
    const known = this.kernel.threads.find((t) => t.tag === tag);
    return known ? this.#names.of(known.var) : this.#names.fresh(tag);
  }

  #inTurn(threads: readonly string[]): void {
    [2, 1, 0].forEach((d) =>
      this.#line(
        1,
        `for (let ${threads[d]} = 0; ${threads[d]} < ${this.kernel.workgroupSize[d]}; ${threads[d]}++) {`,
      )
    );
    for (const a of this.kernel.locals) {
      if (a.size === 1) this.#line(2, `let ${this.#names.of(a.buffer)} = 0;`);
    }
    this.#block(this.kernel.body, 2);
    this.#line(1, "}}}");
  }

  #lockstep(threads: readonly string[]): void {
    this.#line(1, `const thread = function* (${threads.join(", ")}) {`);
    for (const a of this.kernel.locals) {
      this.#line(2, a.size === 1 ? `let ${this.#names.of(a.buffer)} = 0;` : this.#array(a));
    }
    this.#block(this.kernel.body, 2);
    this.#line(1, "};");
    this.#line(1, "let threads = [];");
    const [x, y, z] = this.kernel.workgroupSize;
    this.#line(
      1,
      `for (let z = 0; z < ${z}; z++) for (let y = 0; y < ${y}; y++) for (let x = 0; x < ${x}; x++) threads.push(thread(x, y, z));`,
    );
    this.#line(1, "while (threads.length > 0) threads = threads.filter((t) => !t.next().done);");
  }

  #array(a: Alloc): string {
    return `const ${this.#names.of(a.buffer)} = new ${ARRAY[a.buffer.dtype]}(${a.size});`;
  }

  #line(depth: number, text: string): void {
    this.#lines.push("  ".repeat(depth) + text);
  }

  #block(body: readonly KernelStmt[], depth: number): void {
    for (const s of body) this.#stmt(s, depth);
  }

  #stmt(s: KernelStmt, depth: number): void {
    switch (s.kind) {
      case "for": {
        const v = this.#names.of(s.var);
        const end = this.#names.fresh("end");
        this.#line(depth, `for (let ${v} = 0, ${end} = ${this.#expr(s.extent)}; ${v} < ${end}; ${v}++) {`);
        this.#block(s.body, depth + 1);
        this.#line(depth, "}");
        return;
      }
      case "if":
        this.#line(depth, `if ${this.#condition(s.cond)} {`);
        this.#block(s.then, depth + 1);
        if (s.else.length > 0) {
          this.#line(depth, "} else {");
          this.#block(s.else, depth + 1);
        }
        this.#line(depth, "}");
        return;
      case "store": {
        const value = this.#expr(s.value);
        if (!this.#single.has(s.buffer)) {
          this.#line(depth, `${this.#names.of(s.buffer)}[${this.#expr(s.index)}] = ${value};`);
        } else this.#line(depth, `${this.#names.of(s.buffer)} = ${rounded(value, s.buffer.dtype)};`);
        return;
      }
      case "let":
        this.#line(depth, `const ${this.#names.of(s.var)} = ${this.#expr(s.value)};`);
        return;
      case "barrier":
        this.#line(depth, "yield;");
        return;
      default:
        s satisfies never;
    }
  }

  /** A condition in one pair of parentheses. */
  #condition(e: Expr): string {
    const text = this.#expr(e);
    return e.kind === "binary" ? text : `(${text})`;
  }

  #expr(e: Expr): string {
    switch (e.kind) {
      case "const":
        return e.dtype === "bool" ? `${e.value !== 0}` : e.value < 0 ? `(${e.value})` : `${e.value}`;
      case "var":
        return this.#names.of(e);
      case "binary":
        return this.#binary(e);
      case "not":
        return `!${this.#expr(e.a)}`;
      case "select":
        return `(${this.#expr(e.cond)} ? ${this.#expr(e.a)} : ${this.#expr(e.b)})`;
      case "cast":
        return converted(this.#expr(e.a), e.a.dtype as ScalarType, e.dtype as ScalarType);
      case "call":
        return this.#call(e);
      case "load": {
        const name = this.#names.of(e.buffer);
        const value = this.#single.has(e.buffer) ? name : `${name}[${this.#expr(e.indices[0] as Expr)}]`;
        return e.dtype === "bool" ? `(${value} !== 0)` : value;
      }
      case "ramp":
      case "broadcast":
      case "shuffle":
        throw new LowerError(
          `a ${e.kind} reached JavaScript: kernels for the CPU are lowered without vectors`,
        );
      default:
        return e satisfies never;
    }
  }

  #binary(e: Binary): string {
    const a = this.#expr(e.a), b = this.#expr(e.b);
    const int = e.dtype === "i32" || e.dtype === "u32";
    const wrap = (text: string) =>
      e.dtype === "u32" ? `((${text}) >>> 0)` : e.dtype === "i32" ? `(${text} | 0)` : `(${text})`;
    switch (e.op) {
      case "add":
        return wrap(`${a} + ${b}`);
      case "sub":
        return wrap(`${a} - ${b}`);
      case "mul":
        return !int
          ? `(${a} * ${b})`
          : e.dtype === "i32"
          ? `Math.imul(${a}, ${b})`
          : wrap(`Math.imul(${a}, ${b})`);
      case "div":
        return `(${a} / ${b})`;
      case "floordiv":
        return wrap(`Math.floor(${a} / ${b})`);
      case "floormod":
        return `(${a} - Math.floor(${a} / ${b}) * ${b})`;
      case "min":
        return `Math.min(${a}, ${b})`;
      case "max":
        return `Math.max(${a}, ${b})`;
      case "bitand":
        return wrap(`${a} & ${b}`);
      case "bitor":
        return wrap(`${a} | ${b}`);
      case "bitxor":
        return wrap(`${a} ^ ${b}`);
      case "shl":
        return wrap(`${a} << ${b}`);
      case "shr":
        return e.dtype === "u32" ? `(${a} >>> ${b})` : `(${a} >> ${b})`;
      case "eq":
        return `(${a} === ${b})`;
      case "ne":
        return `(${a} !== ${b})`;
      case "lt":
        return `(${a} < ${b})`;
      case "le":
        return `(${a} <= ${b})`;
      case "gt":
        return `(${a} > ${b})`;
      case "ge":
        return `(${a} >= ${b})`;
      case "and":
        return `(${a} && ${b})`;
      case "or":
        return `(${a} || ${b})`;
      default:
        return e.op satisfies never;
    }
  }

  #call(e: Call): string {
    const args = e.args.map((x) => this.#expr(x));
    switch (e.op) {
      case "rsqrt":
        return `(1 / Math.sqrt(${args[0]}))`;
      case "fma":
        return `(${args[0]} * ${args[1]} + ${args[2]})`;
      case "erf":
        this.#helpers.add(ERF);
        return `erf(${args[0]})`;
      case "dot4I8Packed":
        this.#helpers.add(DOT4);
        return `dot4(${args.join(", ")})`;
      case "subgroupShuffleXor":
        throw new LowerError(`a ${e.op} reached JavaScript: the CPU has no subgroups`);
      case "exp":
      case "log":
      case "sqrt":
      case "sin":
      case "cos":
      case "tanh":
      case "abs":
      case "floor":
      case "pow":
        return `Math.${e.op}(${args.join(", ")})`;
      default:
        return e.op satisfies never;
    }
  }
}

/** The value as its dtype would hold it: what a typed array does on a store. */
function rounded(value: string, dtype: ScalarType): string {
  switch (dtype) {
    case "f32":
      return `Math.fround(${value})`;
    case "f16":
      return `Math.f16round(${value})`;
    case "i32":
      return `(${value}) | 0`;
    case "u32":
      return `(${value}) >>> 0`;
    case "bool":
      return `+(${value})`;
    default:
      return dtype satisfies never;
  }
}

/** A conversion as WGSL has it: float to integer clamps to the type's range and truncates toward zero. */
function converted(value: string, from: ScalarType, to: ScalarType): string {
  if (from === to) return value;
  if (to === "bool") return `(${value} !== 0)`;
  const number = from === "bool" ? `+${value}` : value;
  const [lo, hi] = RANGE[to];
  const clamped = isFloat(from) && !isFloat(to) ? `Math.max(${lo}, Math.min(${hi}, ${number}))` : number;
  return `(${rounded(clamped, to)})`;
}

function hasBarrier(body: readonly KernelStmt[]): boolean {
  return body.some((s) =>
    s.kind === "barrier" || (s.kind === "for" && hasBarrier(s.body)) ||
    (s.kind === "if" && (hasBarrier(s.then) || hasBarrier(s.else)))
  );
}
