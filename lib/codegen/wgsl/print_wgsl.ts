/** A kernel as WGSL. Prints what the kernel says and decides nothing. */
import { lanesOf, scalarOf, type ScalarType, withLanes } from "../../ir/dtype.ts";
import { elementsOf } from "../../ir/elements.ts";
import type { BinaryOp, Buffer, Call, Expr, Load, MathOp } from "../../ir/expr.ts";
import { eachOnce } from "../../ir/visit.ts";
import type { Alloc, Binding, Kernel, KernelStmt } from "../../lower/kernel.ts";
import { TEXEL_FORMATS } from "../../target/texture.ts";
import { identifier, Names } from "../names.ts";
import { rampLanes, splitIndex } from "../split_index.ts";

/** Name of the entry point in every module. */
export const ENTRY = "main";

/** `directives` are the extensions that the source enables beside f16. */
export function printWgsl(kernel: Kernel, directives: readonly string[] = []): string {
  return new Printer(kernel, directives).module();
}

/** True if threads of the kernel hand each other values in subgroups. */
export function usesSubgroups(kernel: Kernel): boolean {
  return someIn(kernel.body, (e) => e.kind === "call" && e.op === "subgroupShuffleXor");
}

/** True if the kernel's source needs `enable f16`. */
export function usesF16(kernel: Kernel): boolean {
  const buffers = [...kernel.bindings, ...kernel.shared, ...kernel.locals].map((b) => b.buffer);
  return buffers.some((b) => b.dtype === "f16" && b.scope !== "texture") ||
    someIn(kernel.body, (e) => scalarOf(e.dtype) === "f16");
}

/** Whether `has` holds for an expression of the kernel; what stands at many places is asked once. */
function someIn(body: readonly KernelStmt[], has: (e: Expr) => boolean): boolean {
  let found = false;
  const ask = eachOnce((e) => void (found ||= has(e)));
  const visit = (s: KernelStmt): void => {
    switch (s.kind) {
      case "for":
        ask(s.extent);
        return s.body.forEach(visit);
      case "if":
        ask(s.cond);
        s.then.forEach(visit);
        return s.else.forEach(visit);
      case "store":
        ask(s.index);
        return ask(s.value);
      case "let":
        return ask(s.value);
      case "barrier":
        return;
      default:
        return s satisfies never;
    }
  };
  body.forEach(visit);
  return found;
}

const INFIX: Partial<Record<BinaryOp, readonly [op: string, precedence: number]>> = {
  mul: ["*", 3],
  div: ["/", 3],
  add: ["+", 2],
  sub: ["-", 2],
  lt: ["<", 1],
  le: ["<=", 1],
  gt: [">", 1],
  ge: [">=", 1],
  eq: ["==", 1],
  ne: ["!=", 1],
  and: ["&&", 0],
  or: ["||", 0],
  bitand: ["&", 0],
  bitor: ["|", 0],
  bitxor: ["^", 0],
  shl: ["<<", 0],
  shr: [">>", 0],
};

const MATH: Readonly<Record<MathOp, string>> = {
  exp: "exp",
  log: "log",
  sqrt: "sqrt",
  rsqrt: "inverseSqrt",
  sin: "sin",
  cos: "cos",
  tanh: "tanh",
  erf: "erf",
  abs: "abs",
  floor: "floor",
  pow: "pow",
  fma: "fma",
  dot4I8Packed: "dot4I8Packed",
  subgroupShuffleXor: "subgroupShuffleXor",
};

const SUFFIX: Readonly<Record<ScalarType, string>> = { f32: "f", f16: "h", i32: "", u32: "u", bool: "" };

class Printer {
  readonly #names = new Names();
  readonly #lanes = new Map<Buffer, 1 | 4>();
  readonly #single = new Set<Buffer>();
  readonly #sampled = new Set<Buffer>();
  readonly #helpers = new Map<string, string>();
  /** One load stands at many places of an unrolled kernel. */
  readonly #loads = new Map<Load, string>();
  #lines: string[] = [];

  constructor(readonly kernel: Kernel, readonly directives: readonly string[]) {
    for (const b of kernel.bindings) {
      this.#lanes.set(b.buffer, b.lanes);
      if (b.access === "sample") this.#sampled.add(b.buffer);
    }
    for (const a of [...kernel.shared, ...kernel.locals]) this.#lanes.set(a.buffer, a.lanes);
    for (const a of kernel.locals) if (a.size === a.lanes) this.#single.add(a.buffer);
  }

  module(): string {
    const { kernel } = this;
    const enabled = [...(usesF16(kernel) ? ["f16"] : []), ...this.directives];
    const head = enabled.length > 0 ? [...enabled.map((name) => `enable ${name};`), ""] : [];
    kernel.bindings.forEach((b, k) => head.push(`@group(0) @binding(${k}) ${this.#binding(b)};`));
    const fields = new Names();
    const uniforms = kernel.uniforms.map((v) => fields.of(v));
    if (uniforms.length > 0 || kernel.folded) {
      const fields = [...uniforms, ...(kernel.folded ? ["grid_x"] : [])].map((f) => `${f}: i32`).join(", ");
      head.push(`struct Shape { ${fields} }`);
      head.push(`@group(0) @binding(${kernel.bindings.length}) var<uniform> shape: Shape;`);
    }
    for (const a of kernel.shared) head.push(`var<workgroup> ${this.#names.of(a.buffer)}: ${arrayType(a)};`);

    this.#entry(uniforms);
    const [x, y, z] = kernel.workgroupSize;
    const takes = (tag: string) => kernel.threads.some((t) => t.tag.startsWith(tag));
    const given = [
      ...(takes("blockIdx") || kernel.folded ? ["@builtin(workgroup_id) wid: vec3<u32>"] : []),
      ...(takes("threadIdx") ? ["@builtin(local_invocation_id) lid: vec3<u32>"] : []),
      ...(kernel.folded ? ["@builtin(num_workgroups) num: vec3<u32>"] : []),
    ];
    return [
      `// ${identifier(kernel.name)}`,
      ...head,
      "",
      ...this.#helpers.values(),
      `@compute @workgroup_size(${x}, ${y}, ${z})`,
      `fn ${ENTRY}(${given.join(", ")}) {`,
      ...this.#lines,
      "}",
      "",
    ].join("\n");
  }

  #entry(uniforms: readonly string[]): void {
    const { kernel } = this;
    kernel.uniforms.forEach((v, k) => this.#line(1, `let ${this.#names.of(v)} = shape.${uniforms[k]};`));
    const folded = kernel.folded ? kernel.threads.find((t) => t.tag === "blockIdx.x") : undefined;
    if (kernel.folded) {
      const x = folded ? this.#names.of(folded.var) : this.#names.fresh("block_x");
      this.#line(1, `let ${x} = i32(wid.x + wid.z * num.x);`);
      this.#line(1, `if (${x} >= shape.grid_x) { return; }`);
    }
    for (const t of kernel.threads) {
      const from = t.tag.startsWith("threadIdx") ? "lid" : "wid";
      if (t !== folded) this.#line(1, `let ${this.#names.of(t.var)} = i32(${from}.${t.tag.at(-1)});`);
    }
    for (const a of kernel.locals) {
      const type = this.#single.has(a.buffer) ? vectorType(a.buffer.dtype, a.lanes) : arrayType(a);
      this.#line(1, `var ${this.#names.of(a.buffer)}: ${type};`);
    }
    this.#block(kernel.body, 1);
  }

  #line(depth: number, text: string): void {
    this.#lines.push("  ".repeat(depth) + text);
  }

  #binding({ buffer, access, lanes }: Binding): string {
    const name = this.#names.of(buffer);
    if (access === "sample") return `var ${name}: texture_2d<${texelType(buffer.dtype)}>`;
    if (buffer.scope === "texture") {
      return `var ${name}: texture_storage_2d<${texelFormat(buffer.dtype)}, read>`;
    }
    if (buffer.scope === "uniform") {
      return `var<uniform> ${name}: ${arrayType({ buffer, lanes, size: elementsOf(buffer.shape) ?? 0 })}`;
    }
    return `var<storage, ${access === "read" ? "read" : "read_write"}> ${name}: array<${
      vectorType(buffer.dtype, lanes)
    }>`;
  }

  #block(body: readonly KernelStmt[], depth: number): void {
    for (const s of body) this.#stmt(s, depth);
  }

  #stmt(s: KernelStmt, depth: number): void {
    switch (s.kind) {
      case "for": {
        const v = this.#names.of(s.var);
        this.#line(depth, `for (var ${v}: i32 = 0; ${v} < ${this.#end(s.extent, depth)}; ${v}++) {`);
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
        const stored = s.buffer.dtype === "bool" ? `select(0u, 1u, ${value})` : value;
        this.#line(depth, `${this.#place(s.buffer, s.index)} = ${stored};`);
        return;
      }
      case "let":
        this.#line(depth, `let ${this.#names.of(s.var)} = ${this.#expr(s.value)};`);
        return;
      case "barrier":
        this.#line(depth, s.memory === "shared" ? "workgroupBarrier();" : "storageBarrier();");
        return;
      default:
        s satisfies never;
    }
  }

  /** What a loop runs to, which is worked out once and not at each turn. */
  #end(extent: Expr, depth: number): string {
    const text = this.#expr(extent, 2);
    if (extent.kind === "const" || extent.kind === "var") return text;
    const name = this.#names.fresh("turns");
    this.#line(depth, `let ${name} = ${text};`);
    return name;
  }

  /** A condition in one pair of parentheses. */
  #condition(e: Expr): string {
    const text = this.#expr(e);
    return e.kind === "binary" && (e.op === "and" || e.op === "or") ? text : `(${text})`;
  }

  /** The text of `e`, in parentheses if it binds less tightly than `precedence`. */
  #expr(e: Expr, precedence = 0): string {
    switch (e.kind) {
      case "const":
        return literal(e.value, e.dtype);
      case "var":
        return this.#names.of(e);
      case "binary":
        return this.#binary(e.op, e, precedence);
      case "not":
        return `!${this.#expr(e.a, 9)}`;
      case "select":
        // Comparisons side by side would read as a template: `select(a < b, c > (d), e)`.
        return `select(${this.#expr(e.b, 2)}, ${this.#expr(e.a, 2)}, ${this.#expr(e.cond)})`;
      case "cast":
        return `${wgslType(e.dtype)}(${this.#expr(e.a)})`;
      case "call":
        return this.#call(e);
      case "load": {
        let text = this.#loads.get(e);
        if (text === undefined) this.#loads.set(e, text = this.#load(e));
        return text;
      }
      case "ramp":
        return `vec4<i32>(${rampLanes(e.base, e.stride).map((x) => this.#expr(x)).join(", ")})`;
      case "broadcast":
        return `${wgslType(e.dtype)}(${this.#expr(e.a)})`;
      case "shuffle":
        return `${wgslType(e.dtype)}(${e.lanes.map((x) => this.#expr(x)).join(", ")})`;
      default:
        return e satisfies never;
    }
  }

  #binary(op: BinaryOp, e: Extract<Expr, { kind: "binary" }>, outer: number): string {
    if (op === "min" || op === "max") return `${op}(${this.#expr(e.a)}, ${this.#expr(e.b)})`;
    if (op === "floordiv" || op === "floormod") return this.#floor(op, e, outer);
    const [infix, own] = INFIX[op] ?? ["?", 0];
    if (own === 0) {
      // WGSL does not mix these operators without parentheses; a shift takes its amount as u32.
      const vector = lanesOf(e.dtype) > 1;
      const text = (op === "and" || op === "or") && vector ? infix.charAt(0) : infix;
      const right = op === "shl" || op === "shr" ? this.#amount(e.b) : this.#expr(e.b, 9);
      return `(${this.#expr(e.a, 9)} ${text} ${right})`;
    }
    // Sums and products associate to the left; comparisons don't.
    const text = `${this.#expr(e.a, own === 1 ? 2 : own)} ${infix} ${this.#expr(e.b, own + 1)}`;
    return own < outer ? `(${text})` : text;
  }

  #amount(e: Expr): string {
    if (e.kind === "const") return `${e.value}u`;
    if (scalarOf(e.dtype) === "u32") return this.#expr(e, 9);
    return `${wgslType(withLanes("u32", lanesOf(e.dtype)))}(${this.#expr(e)})`;
  }

  #floor(op: "floordiv" | "floormod", e: Extract<Expr, { kind: "binary" }>, outer: number): string {
    if (scalarOf(e.dtype) === "u32") {
      const text = `${this.#expr(e.a, 3)} ${op === "floordiv" ? "/" : "%"} ${this.#expr(e.b, 4)}`;
      return outer > 3 ? `(${text})` : text;
    }
    const type = wgslType(e.dtype);
    const name = `${op}_${lanesOf(e.dtype)}`;
    const quotient =
      `let q = a / b; let inexact = ${type}(q * b != a) * ${type}((a < ${type}(0)) != (b < ${type}(0)));`;
    this.#helpers.set(
      name,
      `fn ${name}(a: ${type}, b: ${type}) -> ${type} { ${quotient} return ` +
        (op === "floordiv" ? "q - inexact; }" : "a - (q - inexact) * b; }"),
    );
    return `${name}(${this.#expr(e.a)}, ${this.#expr(e.b)})`;
  }

  #call(e: Call): string {
    const args = e.args.map((x) => this.#expr(x)).join(", ");
    if (e.op !== "erf") return `${MATH[e.op]}(${args})`;
    const type = wgslType(e.dtype);
    const name = `erf_${e.dtype}`;
    // Abramowitz and Stegun, 7.1.26: absolute error below 1.5e-7.
    this.#helpers.set(
      name,
      `fn ${name}(x: ${type}) -> ${type} {\n  let a = abs(x);\n  let t = 1 / (1 + 0.3275911 * a);\n` +
        `  let p = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;\n` +
        `  return sign(x) * (1 - p * exp(-a * a));\n}`,
    );
    return `${name}(${args})`;
  }

  #load(e: Load): string {
    const b = e.buffer;
    if (b.scope === "texture") return this.#texel(e);
    const text = this.#place(b, e.indices[0] as Expr);
    return b.dtype === "bool" ? `(${text} != 0u)` : text;
  }

  #texel(e: Load): string {
    const [row, column] = e.indices as [Expr, Expr];
    const { vector, lane } = splitIndex(column);
    const level = this.#sampled.has(e.buffer) ? ", 0" : "";
    const texel = `textureLoad(${this.#names.of(e.buffer)}, vec2<i32>(${this.#expr(vector)}, ${
      this.#expr(row)
    })${level})`;
    const value = column.kind === "ramp" ? texel : texel + this.#lane(lane);
    return e.buffer.dtype === "f16" ? `${wgslType(e.dtype)}(${value})` : value;
  }

  /** The place of an element, or of a whole vector where the index is a ramp. */
  #place(b: Buffer, index: Expr): string {
    const name = this.#names.of(b), single = this.#single.has(b);
    const ofLane = this.#lanes.get(b) === 4 && index.kind !== "ramp";
    if (single && !ofLane) return name;
    if (this.#lanes.get(b) !== 4) return `${name}[${this.#expr(index)}]`;
    const { vector, lane } = splitIndex(index);
    const whole = single ? name : `${name}[${this.#expr(vector)}]`;
    return ofLane ? whole + this.#lane(lane) : whole;
  }

  #lane(lane: number | Expr): string {
    return typeof lane === "number" ? `.${"xyzw".charAt(lane)}` : `[${this.#expr(lane)}]`;
  }
}

function literal(value: number, dtype: ScalarType): string {
  if (dtype === "bool") return value ? "true" : "false";
  const text = Number.isInteger(value) && (dtype === "f32" || dtype === "f16") && Math.abs(value) < 1e15
    ? value.toFixed(1)
    : `${value}`;
  const suffixed = text + SUFFIX[dtype];
  if (dtype === "i32" && value === -2147483648) return "i32(-2147483647 - 1)";
  return value < 0 ? `(${suffixed})` : suffixed;
}

function wgslType(dtype: Expr["dtype"]): string {
  return lanesOf(dtype) === 1 ? dtype : `vec${lanesOf(dtype)}<${scalarOf(dtype)}>`;
}

/** `bool` has no layout in memory: it is a u32 there. */
function vectorType(dtype: ScalarType, lanes: 1 | 4): string {
  const stored = dtype === "bool" ? "u32" : dtype;
  return lanes === 4 ? `vec4<${stored}>` : stored;
}

function arrayType(a: Alloc): string {
  return `array<${vectorType(a.buffer.dtype, a.lanes)}, ${Math.ceil(a.size / a.lanes)}>`;
}

function texelType(dtype: ScalarType): string {
  return dtype === "i32" || dtype === "u32" ? dtype : "f32";
}

/** Verified programs have no textures of bool. */
function texelFormat(dtype: ScalarType): string {
  return TEXEL_FORMATS[dtype as keyof typeof TEXEL_FORMATS];
}
