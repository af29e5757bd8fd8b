/**
 * The meaning of a program, executed: statements in order, every loop serial, floats in doubles. It is the
 * reference that schedules and kernels are held against, so it shares nothing with lowering or printing. For
 * speed the program is translated to one JavaScript function, in names of our own making.
 */
import { isFloat, scalarOf, type ScalarType } from "./dtype.ts";
import { IrError } from "./error.ts";
import type { Binary, Buffer, Call, Expr, Var } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { inputsOf, outputsOf } from "./outputs.ts";
import type { Block, Stmt } from "./stmt.ts";

export type TypedArray = Float32Array | Float16Array | Float64Array | Int32Array | Uint32Array;
export type Arrays = Readonly<Record<string, TypedArray>>;
/** Values of shape variables, by name. */
export type Shapes = Readonly<Record<string, number>>;

export interface InterpretOptions {
  readonly shapes?: Shapes;
  /** Throw where an index is out of its buffer. Default true; costs about a factor of three. */
  readonly check?: boolean;
}

/**
 * The outputs of `f` on `inputs`, by parameter name: floats as Float64Array. Intermediate buffers start as
 * NaN (zero for integers), so that a float read before it is written shows.
 *
 * @throws {IrError} for a missing input, a wrong length, or (with `check`) an index out of range
 */
export function interpret(
  f: PrimFunc,
  inputs: Arrays,
  options: InterpretOptions = {},
): Record<string, TypedArray> {
  const { shapes = {}, check = true } = options;
  const shapeValues = f.shapeVars.map((v) => {
    const value = shapes[v.name];
    if (value === undefined) {
      throw new IrError(`cannot interpret ${f.name}: shape variable ${v.name} has no value`);
    }
    return value;
  });
  const translator = new Translator(check);
  const buffers = [...f.params, ...f.allocs];
  const text = translator.func(f, buffers);
  const sizeOf = (b: Buffer) => b.shape.reduce((n, d) => n * constantOf(d, f, shapeValues), 1);
  const given = new Set(inputsOf(f));
  const arrays = buffers.map((b) => {
    const size = sizeOf(b);
    if (!given.has(b)) {
      return isFloat(b.dtype)
        ? new Float64Array(size).fill(NaN)
        : b.dtype === "i32"
        ? new Int32Array(size)
        : new Uint32Array(size);
    }
    const data = inputs[b.name];
    if (!data) throw new IrError(`cannot interpret ${f.name}: input ${b.name} is missing`);
    if (data.length !== size) {
      throw new IrError(
        `cannot interpret ${f.name}: input ${b.name} has ${data.length} elements, its shape takes ${size}`,
      );
    }
    return data;
  });
  new Function("buffers", "shapes", "erf", "fail", text)(arrays, shapeValues, erf, fail);
  return Object.fromEntries(outputsOf(f).map((b) => [b.name, arrays[buffers.indexOf(b)] as TypedArray]));
}

/** The value of a dimension where the shape variables have values. */
function constantOf(e: Expr, f: PrimFunc, values: readonly number[]): number {
  const t = new Translator(false);
  f.shapeVars.forEach((v, k) => t.alias(v, `shapes[${k}]`));
  return new Function("shapes", `return ${t.expr(e)};`)(values) as number;
}

function fail(name: string, index: number, extent: number): never {
  throw new IrError(`index ${index} is out of ${name}, whose dimension has ${extent} elements`);
}

/** The error function by its series (|x| < 2.5) or continued fraction, to about 1e-14. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a, total = a;
    for (let n = 1; Math.abs(term) > 1e-17 * total && n < 200; n++) {
      term *= -a * a / n;
      total += term / (2 * n + 1);
    }
    return Math.sign(x) * 2 / Math.sqrt(Math.PI) * total;
  }
  let tail = 0;
  for (let n = 60; n > 0; n--) tail = n / 2 / (a + tail);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + tail));
}

class Translator {
  readonly #names = new Map<Var | Buffer, string>();
  readonly #lines: string[] = [];

  constructor(readonly check: boolean) {}

  alias(x: Var | Buffer, text: string): void {
    this.#names.set(x, text);
  }

  #name(x: Var | Buffer): string {
    let name = this.#names.get(x);
    if (name === undefined) this.#names.set(x, name = `x${this.#names.size}`);
    return name;
  }

  func(f: PrimFunc, buffers: readonly Buffer[]): string {
    f.shapeVars.forEach((v, k) => this.#lines.push(`const ${this.#name(v)} = shapes[${k}];`));
    buffers.forEach((b, k) => this.#lines.push(`const ${this.#name(b)} = buffers[${k}];`));
    this.#stmt(f.body);
    return this.#lines.join("\n");
  }

  #stmt(s: Stmt): void {
    const out = this.#lines;
    switch (s.kind) {
      case "for": {
        const v = this.#name(s.var);
        out.push(`for (let ${v} = 0, n = ${this.expr(s.extent)}; ${v} < n; ${v}++) {`);
        this.#stmt(s.body);
        out.push("}");
        return;
      }
      case "seq":
        return s.body.forEach((x) => this.#stmt(x));
      case "if":
        out.push(`if (${this.expr(s.cond)}) {`);
        this.#stmt(s.then);
        if (s.else) {
          out.push("} else {");
          this.#stmt(s.else);
        }
        out.push("}");
        return;
      case "store": {
        const value = this.expr(s.value);
        out.push(
          `${this.#element(s.buffer, s.indices)} = ${s.buffer.dtype === "bool" ? `+(${value})` : value};`,
        );
        return;
      }
      case "block":
        return this.#block(s);
      case "let":
        out.push(`{ const ${this.#name(s.var)} = ${this.expr(s.value)};`);
        this.#stmt(s.body);
        out.push("}");
        return;
      case "barrier":
        return;
      default:
        return s satisfies never;
    }
  }

  #block(b: Block): void {
    const out = this.#lines;
    out.push(`if (${this.expr(b.where)}) {`);
    b.iters.forEach((it, k) =>
      out.push(`const ${this.#name(it.var)} = ${this.expr(b.bindings[k] as Expr)};`)
    );
    if (b.init) {
      const first = b.iters.filter((it) => it.type === "reduce").map((it) => `${this.#name(it.var)} === 0`);
      out.push(`if (${first.join(" && ") || "true"}) {`);
      this.#stmt(b.init);
      out.push("}");
    }
    this.#stmt(b.body);
    out.push("}");
  }

  #element(b: Buffer, indices: readonly Expr[]): string {
    const at = indices.map((e, d) => {
      const index = this.expr(e);
      if (!this.check) return index;
      const extent = this.expr(b.shape[d] as Expr);
      return `((t) => t >= 0 && t < ${extent} ? t : fail(${JSON.stringify(b.name)}, t, ${extent}))(${index})`;
    });
    const flat = at.reduce(
      (text, index, d) => d === 0 ? index : `(${text}) * ${this.expr(b.shape[d] as Expr)} + ${index}`,
      "0",
    );
    return `${this.#name(b)}[${flat}]`;
  }

  expr(e: Expr): string {
    switch (e.kind) {
      case "const":
        return e.dtype === "bool" ? `${e.value !== 0}` : `(${e.value})`;
      case "var":
        return this.#name(e);
      case "binary":
        return this.#binary(e);
      case "not":
        return `(!${this.expr(e.a)})`;
      case "select":
        return `(${this.expr(e.cond)} ? ${this.expr(e.a)} : ${this.expr(e.b)})`;
      case "cast":
        return this.#cast(e.a, e.a.dtype as ScalarType, scalarOf(e.dtype));
      case "call":
        return this.#call(e);
      case "load":
        return e.dtype === "bool"
          ? `(${this.#element(e.buffer, e.indices)} !== 0)`
          : this.#element(e.buffer, e.indices);
      case "ramp":
      case "broadcast":
      case "shuffle":
        throw new IrError(`cannot interpret a ${e.kind}: vectors appear only in lowered programs`);
      default:
        return e satisfies never;
    }
  }

  #cast(a: Expr, from: ScalarType, to: ScalarType): string {
    const text = this.expr(a);
    if (to === "bool") return `(${text} ${from === "bool" ? "" : "!== 0"})`;
    const number = from === "bool" ? `(${text} ? 1 : 0)` : text;
    if (to === "i32") return `(Math.trunc(${number}) | 0)`;
    return to === "u32" ? `(Math.trunc(${number}) >>> 0)` : number;
  }

  #binary(e: Binary): string {
    const a = this.expr(e.a), b = this.expr(e.b);
    const wrap = e.dtype === "i32"
      ? (t: string) => `((${t}) | 0)`
      : e.dtype === "u32"
      ? (t: string) => `((${t}) >>> 0)`
      : (t: string) => `(${t})`;
    switch (e.op) {
      case "add":
        return wrap(`${a} + ${b}`);
      case "sub":
        return wrap(`${a} - ${b}`);
      case "mul":
        return isFloat(e.dtype) ? `(${a} * ${b})` : wrap(`Math.imul(${a}, ${b})`);
      case "div":
        return `(${a} / ${b})`;
      case "floordiv":
        return `Math.floor(${a} / ${b})`;
      case "floormod":
        return `((p, q) => p - Math.floor(p / q) * q)(${a}, ${b})`;
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
      case "ne":
      case "lt":
      case "le":
      case "gt":
      case "ge":
      case "and":
      case "or":
        return `(${a} ${COMPARE[e.op]} ${b})`;
      default:
        return e.op satisfies never;
    }
  }

  #call(e: Call): string {
    const args = e.args.map((x) => this.expr(x));
    switch (e.op) {
      case "rsqrt":
        return `(1 / Math.sqrt(${args[0]}))`;
      case "fma":
        return `(${args[0]} * ${args[1]} + ${args[2]})`;
      case "erf":
        return `erf(${args[0]})`;
      default:
        return `Math.${e.op}(${args.join(", ")})`;
    }
  }
}

const COMPARE = { eq: "===", ne: "!==", lt: "<", le: "<=", gt: ">", ge: ">=", and: "&&", or: "||" } as const;
