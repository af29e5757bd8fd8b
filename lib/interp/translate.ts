/**
 * Translates a program to the text of one JavaScript function over (buffers, shapes, erf, outOfRange, outOfExtent). All
 * names in the text are generated, so no name of the program is ever executed.
 */
import { isFloat, RANGE, scalarOf, type ScalarType } from "../ir/dtype.ts";
import { MATH_RESULT } from "../ir/build.ts";
import { equalExpr } from "../ir/equal.ts";
import { IrError } from "../ir/error.ts";
import type { Binary, Buffer, Call, Expr, MathOp, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { sharedNodes } from "../ir/shared_nodes.ts";
import type { Block, Stmt } from "../ir/stmt.ts";

/** The function's text; its `outOfExtent` is given positions in `axes`. */
export interface Translation {
  readonly text: string;
  readonly axes: readonly Var[];
}

/** Translates `f`; with `check`, indices and axes are compared with their extents. */
export function translate(f: PrimFunc, buffers: readonly Buffer[], check: boolean): Translation {
  return new Translator(buffers, check).func(f);
}

/** What the text of some calls needs. */
export const PRELUDE =
  "const word = new DataView(new ArrayBuffer(4)); const round = (x) => { const up = Math.round(x); " +
  "return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up; };";

/** Nodes of a store up to which each is written at every place; beyond, a repeated node gets a name. */
export const LARGE = 256;

/** Writes the statements and expressions of a program. */
export class Translator {
  readonly #names = new Map<Var | Buffer, string>();
  readonly #lines: string[] = [];
  readonly #axes: Var[] = [];
  /** The names of repeated nodes, in the store that named them. */
  readonly #shared = new Map<Expr, string>();
  #named = 0;
  /** Extents that loops and axes are known to stay within. */
  readonly #extents = new Map<Var, Expr>();

  constructor(readonly buffers: readonly Buffer[], readonly check: boolean) {}

  func(f: PrimFunc): Translation {
    f.shapeVars.forEach((v, k) => this.#lines.push(`const ${this.#name(v)} = shapes[${k}];`));
    this.buffers.forEach((b, k) => this.#lines.push(`const ${this.#name(b)} = buffers[${k}];`));
    this.#lines.push(PRELUDE);
    this.#stmt(f.body);
    return { text: this.#lines.join("\n"), axes: this.#axes };
  }

  /** The name of a variable or buffer in the text. */
  nameOf(x: Var | Buffer): string {
    return this.#name(x);
  }

  /** The condition of the iteration in which a reduction starts. */
  isFirst({ iters }: Block): string {
    const reduced = iters.filter((it) => it.type === "reduce");
    return reduced.map((it) => `${this.#name(it.var)} === 0`).join(" && ") || "true";
  }

  /** Gives a variable a name of the caller's. */
  give(v: Var, name: string): void {
    this.#names.set(v, name);
  }

  #name(x: Var | Buffer): string {
    let name = this.#names.get(x);
    if (name === undefined) this.#names.set(x, name = `x${this.#names.size}`);
    return name;
  }

  #stmt(s: Stmt): void {
    const out = this.#lines;
    switch (s.kind) {
      case "for": {
        const v = this.#name(s.var);
        out.push(`for (let ${v} = 0, n = ${this.expr(s.extent)}; ${v} < n; ${v}++) {`);
        this.#extents.set(s.var, s.extent);
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
        const shared = sharedNodes([...s.indices, s.value], LARGE);
        if (shared.length > 0) out.push("{");
        for (const e of shared) this.#share(e);
        const value = this.expr(s.value);
        out.push(
          `${this.#element(s.buffer, s.indices)} = ${s.buffer.dtype === "bool" ? `+(${value})` : value};`,
        );
        if (shared.length === 0) return;
        out.push("}");
        for (const e of shared) this.#shared.delete(e);
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

  /** Names a node. It is computed when it is first asked for: where a select does not take it, it may be an error. */
  #share(e: Expr): void {
    const name = `s${this.#named++}`, text = this.expr(e);
    this.#lines.push(`let v${name}; const ${name} = () => v${name} ??= ${text};`);
    this.#shared.set(e, `${name}()`);
  }

  #block(b: Block): void {
    const out = this.#lines;
    out.push(`if (${this.expr(b.where)}) {`);
    b.iters.forEach((it, k) => {
      const name = this.#name(it.var);
      out.push(`const ${name} = ${this.expr(b.bindings[k] as Expr)};`);
      if (this.check && !this.#staysWithin(b.bindings[k] as Expr, it.extent)) {
        const axis = this.#axes.push(it.var) - 1;
        out.push(`if (!(${name} >= 0 && ${name} < ${this.expr(it.extent)})) outOfExtent(${axis}, ${name});`);
      }
      this.#extents.set(it.var, it.extent);
    });
    if (b.init) {
      out.push(`if (${this.isFirst(b)}) {`);
      this.#stmt(b.init);
      out.push("}");
    }
    this.#stmt(b.body);
    out.push("}");
  }

  /** Whether `e` is a variable whose own extent is `extent` (or less). */
  #staysWithin(e: Expr, extent: Expr): boolean {
    const own = e.kind === "var" ? this.#extents.get(e) : undefined;
    if (own?.kind === "const" && extent.kind === "const") return own.value <= extent.value;
    return own !== undefined && equalExpr(own, extent);
  }

  #element(b: Buffer, indices: readonly Expr[]): string {
    const at = indices.map((e, d) => {
      const index = this.expr(e), dimension = b.shape[d] as Expr;
      if (!this.check || this.#staysWithin(e, dimension)) return index;
      const fail = `outOfRange(${this.buffers.indexOf(b)}, ${d}, t)`;
      return `((t) => t >= 0 && t < ${this.expr(dimension)} ? t : ${fail})(${index})`;
    });
    const flat = at.reduce(
      (text, index, d) => d === 0 ? index : `(${text}) * ${this.expr(b.shape[d] as Expr)} + ${index}`,
      "0",
    );
    return `${this.#name(b)}[${flat}]`;
  }

  expr(e: Expr): string {
    const shared = this.#shared.get(e);
    if (shared !== undefined) return shared;
    switch (e.kind) {
      case "const":
        if (e.dtype === "bool") return `${e.value !== 0}`;
        return Object.is(e.value, -0) ? "(-0)" : `(${e.value})`;
      case "var":
        return this.#name(e);
      case "binary":
        return this.#binary(e);
      case "not":
        return `(!${this.expr(e.a)})`;
      case "select":
        return `(${this.expr(e.cond)} ? ${this.expr(e.a)} : ${this.expr(e.b)})`;
      case "cast":
        return castText(this.expr(e.a), scalarOf(e.a.dtype), scalarOf(e.dtype));
      case "call":
        return this.#call(e);
      case "load": {
        const element = this.#element(e.buffer, e.indices);
        return e.dtype === "bool" ? `(${element} !== 0)` : element;
      }
      case "ramp":
      case "broadcast":
      case "shuffle":
        throw new IrError(`cannot interpret a ${e.kind}: vectors appear only in lowered programs`);
      default:
        return e satisfies never;
    }
  }

  #binary(e: Binary): string {
    const a = this.expr(e.a), b = this.expr(e.b);
    const exact = (t: string) => wrapped(t, scalarOf(e.dtype));
    switch (e.op) {
      case "add":
        return exact(`${a} + ${b}`);
      case "sub":
        return exact(`${a} - ${b}`);
      case "mul":
        return isFloat(e.dtype) ? `(${a} * ${b})` : exact(`Math.imul(${a}, ${b})`);
      case "div":
        return `(${a} / ${b})`;
      case "floordiv":
        return exact(`Math.floor(${a} / ${b})`);
      case "floormod":
        return `((p, q) => p - Math.floor(p / q) * q)(${a}, ${b})`;
      case "min":
        return `Math.min(${a}, ${b})`;
      case "max":
        return `Math.max(${a}, ${b})`;
      case "bitand":
        return exact(`${a} & ${b}`);
      case "bitor":
        return exact(`${a} | ${b}`);
      case "bitxor":
        return exact(`${a} ^ ${b}`);
      case "shl":
        return exact(`${a} << ${b}`);
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
    const ofWords = MATH_RESULT[e.op] !== undefined && e.args.every((x) => !isFloat(x.dtype));
    // Words of either sign are stored alike, and are brought into the range of the other by what wraps around.
    if (ofWords && !isFloat(e.dtype)) return wrapped(args[0] as string, scalarOf(e.dtype));
    return wrapped(CALLS[e.op](args), scalarOf(e.dtype));
  }
}

const COMPARE = { eq: "===", ne: "!==", lt: "<", le: "<=", gt: ">", ge: ">=", and: "&&", or: "||" } as const;

const CALLS: Readonly<Record<MathOp, (args: readonly string[]) => string>> = {
  exp: ([x]) => `Math.exp(${x})`,
  exp2: ([x]) => `2 ** ${x}`,
  log: ([x]) => `Math.log(${x})`,
  log2: ([x]) => `Math.log2(${x})`,
  sqrt: ([x]) => `Math.sqrt(${x})`,
  rsqrt: ([x]) => `1 / Math.sqrt(${x})`,
  sin: ([x]) => `Math.sin(${x})`,
  cos: ([x]) => `Math.cos(${x})`,
  atan: ([x]) => `Math.atan(${x})`,
  tanh: ([x]) => `Math.tanh(${x})`,
  erf: ([x]) => `erf(${x})`,
  abs: ([x]) => `Math.abs(${x})`,
  floor: ([x]) => `Math.floor(${x})`,
  round: ([x]) => `round(${x})`,
  pow: ([x, y]) => `Math.pow(${x}, ${y})`,
  fma: ([x, y, z]) => `${x} * ${y} + ${z}`,
  isNaN: ([x]) => `Number.isNaN(${x})`,
  bitcastF32: ([x]) => `(word.setInt32(0, ${x}), word.getFloat32(0))`,
  bitcastI32: ([x]) => `(word.setFloat32(0, ${x}), word.getInt32(0))`,
  bitcastU32: ([x]) => `(word.setFloat32(0, ${x}), word.getUint32(0))`,
  dot4I8Packed: ([x, y]) => `((p, q) => ${[24, 16, 8, 0].map(byteProduct).join(" + ")})(${x}, ${y})`,
  subgroupShuffleXor: () => {
    throw new IrError("cannot interpret a subgroupShuffleXor: threads meet only in lowered programs");
  },
};

/** Prints the product of one signed byte of p and q: the byte that a left shift by this many bits makes the highest. */
function byteProduct(shift: number): string {
  return `(p << ${shift} >> 24) * (q << ${shift} >> 24)`;
}

function wrapped(text: string, dtype: ScalarType): string {
  return dtype === "i32" ? `((${text}) | 0)` : dtype === "u32" ? `((${text}) >>> 0)` : `(${text})`;
}

/** A conversion as WGSL has it: float to integer clamps to the type's range and truncates toward zero. */
function castText(text: string, from: ScalarType, to: ScalarType): string {
  if (from === to) return text;
  if (to === "bool") return `(${text} !== 0)`;
  if (from === "bool") return `(${text} ? 1 : 0)`;
  if (isFloat(to)) return text;
  if (!isFloat(from)) return wrapped(text, to);
  const [lo, hi] = RANGE[to];
  return wrapped(`Math.max(${lo}, Math.min(${hi}, ${text}))`, to);
}
