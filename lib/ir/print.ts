/** Programs as text, in TVMScript's manner. */
import { checkArgument } from "../base/check_options.ts";
import { stmtKind } from "./stmt_kind.ts";
import { isConst, variable } from "./build.ts";
import { lanesOf, scalarOf } from "./dtype.ts";
import { equalExpr } from "./equal.ts";
import type { BinaryOp, Buffer, Expr, MathOp, Var } from "./expr.ts";
import type { FuncData } from "./func_data.ts";
import { replaceNodes, sharedNodes } from "./shared_nodes.ts";
import type { Annotations, Block, For, Stmt, Store } from "./stmt.ts";

const TYPE = { f32: "float32", f16: "float16", i32: "int32", u32: "uint32", bool: "bool" } as const;
const STORED_TYPE = { i8: "int8", u8: "uint8", bf16: "bfloat16" } as const;

const INFIX: Readonly<Record<BinaryOp, readonly [text: string, precedence: number] | undefined>> = {
  or: ["or", 1],
  and: ["and", 2],
  eq: ["==", 4],
  ne: ["!=", 4],
  lt: ["<", 4],
  le: ["<=", 4],
  gt: [">", 4],
  ge: [">=", 4],
  bitor: ["|", 5],
  bitxor: ["^", 6],
  bitand: ["&", 7],
  shl: ["<<", 8],
  shr: [">>", 8],
  add: ["+", 9],
  sub: ["-", 9],
  mul: ["*", 10],
  div: ["/", 10],
  floordiv: ["//", 10],
  floormod: ["%", 10],
  min: undefined,
  max: undefined,
};

/** Calls that are not spelled as their operator, up to their first argument. */
const CALL: Readonly<Partial<Record<MathOp, string>>> = {
  round: "nearbyint(",
  isNaN: "isnan(",
  bitcastF32: 'reinterpret("float32", ',
  bitcastI32: 'reinterpret("int32", ',
  bitcastU32: 'reinterpret("uint32", ',
};

const COMPARISON = 4;

/** Nodes of a store, as they stand in it, from which on those that stand there more than once have names. */
const LARGE = 4096;

/** Variables and buffers that share a name where both are known get a number behind it, in order of appearance. */
class Printer {
  readonly #names = new Map<Var | Buffer, string>();
  readonly #used = new Set<string>();
  /** Extents of the loops around. */
  readonly #extents = new Map<Var, Expr>();
  readonly lines: string[] = [];

  name(x: Var | Buffer): string {
    let name = this.#names.get(x);
    if (name === undefined) {
      name = x.name;
      for (let k = 1; this.#used.has(name); k++) name = `${x.name}_${k}`;
      this.#used.add(name);
      this.#names.set(x, name);
    }
    return name;
  }

  /** Prints `inner`, after which the names of `vars` are free again. */
  #scope(vars: readonly Var[], inner: () => void): void {
    inner();
    for (const v of vars) {
      this.#used.delete(this.name(v));
      this.#names.delete(v);
    }
  }

  line(depth: number, text: string): void {
    this.lines.push("    ".repeat(depth) + text);
  }

  func(f: FuncData): void {
    for (const b of f.params) this.name(b);
    // A dimension that is a variable can't be named before the body, so such a parameter comes as a handle.
    const isSymbolic = (b: Buffer) => b.shape.some((d) => !isConst(d));
    const params = f.params.map((b) =>
      isSymbolic(b) ? `var_${this.name(b)}: T.handle` : `${this.name(b)}: T.Buffer(${this.type(b)})`
    );
    this.line(0, "@T.prim_func");
    this.line(0, `def ${f.name}(${params.join(", ")}):`);
    const named = (key: string, some: readonly string[] = []) => {
      const names = f.params.filter((b) => some.includes(b.name)).map((b) => `"${this.name(b)}"`);
      return names.length > 0 ? [`"${key}": [${names.join(", ")}]`] : [];
    };
    const notes = [...named("activations", f.activations), ...named("in_place", f.inPlace)];
    if (notes.length > 0) this.line(1, `T.func_attr({${notes.join(", ")}})`);
    for (const v of f.shapeVars) this.line(1, `${this.name(v)} = T.int32()`);
    for (const b of f.params.filter(isSymbolic)) {
      this.line(1, `${this.name(b)} = T.match_buffer(var_${this.name(b)}, ${this.type(b)})`);
    }
    for (const b of f.allocs) this.line(1, `${this.name(b)} = T.alloc_buffer(${this.type(b)})`);
    this.stmt(f.body, 1);
  }

  /** Shape, dtype, and scope if it is not global. */
  type(b: Buffer): string {
    const scope = b.scope === "global" ? "" : `, scope="${b.scope}"`;
    return `${this.shape(b)}, "${b.stored ? STORED_TYPE[b.stored] : TYPE[b.dtype]}"${scope}`;
  }

  shape(b: Buffer): string {
    return `(${b.shape.map((d) => this.expr(d)).join(", ")}${b.shape.length === 1 ? "," : ""})`;
  }

  stmt(s: Stmt, depth: number): void {
    switch (s.kind) {
      case "for":
        this.line(depth, this.loop(s));
        this.#extents.set(s.var, s.extent);
        return this.#scope([s.var], () => this.stmt(s.body, depth + 1));
      case "seq":
        if (s.body.length === 0) this.line(depth, "pass");
        return s.body.forEach((x) => this.stmt(x, depth));
      case "if":
        this.line(depth, `if ${this.expr(s.cond)}:`);
        this.stmt(s.then, depth + 1);
        if (!s.else) return;
        this.line(depth, "else:");
        return this.stmt(s.else, depth + 1);
      case "store":
        return this.store(s, depth);
      case "block":
        return this.block(s, depth);
      case "let":
        this.line(depth, `${this.name(s.var)} = ${this.expr(s.value)}`);
        return this.#scope([s.var], () => this.stmt(s.body, depth));
      case "barrier":
        return this.line(depth, `T.tvm_storage_sync("${s.memory}")`);
      default:
        return s satisfies never;
    }
  }

  store(s: Store, depth: number): void {
    const shared = sharedNodes([...s.indices, s.value], LARGE);
    const names = new Map<Expr, Var>(shared.map((e) => [e, variable("part", scalarOf(e.dtype))]));
    const { whole, below } = replaceNodes(names);
    this.#scope([...names.values()], () => {
      for (const [e, v] of names) this.line(depth, `${this.name(v)} = ${this.expr(below(e))}`);
      this.line(depth, `${this.access(s.buffer, s.indices.map(whole))} = ${this.expr(whole(s.value))}`);
    });
  }

  loop(s: For): string {
    const extent = this.expr(s.extent);
    const notes = dictionary(s.annotations);
    const more = notes ? `, annotations=${notes}` : "";
    const name = this.name(s.var);
    switch (s.loop) {
      case "serial":
        return more ? `for ${name} in T.serial(${extent}${more}):` : `for ${name} in range(${extent}):`;
      case "parallel":
      case "vectorized":
      case "unrolled":
        return `for ${name} in T.${s.loop === "unrolled" ? "unroll" : s.loop}(${extent}${more}):`;
      default:
        return `for ${name} in T.thread_binding(${extent}, thread="${s.loop}"${more}):`;
    }
  }

  block(b: Block, depth: number): void {
    this.line(depth, `with T.block("${b.name}"):`);
    // `remap` states no extents: it is for axes with the extents of the loops that they are bound to.
    const plain = b.iters.length > 0 && b.iters.every((it, k) => {
      const e = b.bindings[k];
      const extent = e?.kind === "var" ? this.#extents.get(e) : undefined;
      return extent !== undefined && equalExpr(extent, it.extent);
    });
    if (plain) {
      const kinds = b.iters.map((it) => it.type === "reduce" ? "R" : "S").join("");
      const vars = b.iters.map((it) => this.name(it.var)).join(", ");
      this.line(
        depth + 1,
        `${vars} = T.axis.remap("${kinds}", [${b.bindings.map((e) => this.expr(e)).join(", ")}])`,
      );
    } else {
      b.iters.forEach((it, k) => {
        // Malformed programs are printed too, in error messages.
        const bound = b.bindings[k], value = bound ? this.expr(bound) : "?";
        this.line(depth + 1, `${this.name(it.var)} = T.axis.${it.type}(${this.expr(it.extent)}, ${value})`);
      });
    }
    if (!isConst(b.where, 1)) this.line(depth + 1, `T.where(${this.expr(b.where)})`);
    const notes = dictionary(b.annotations);
    if (notes) this.line(depth + 1, `T.block_attr(${notes})`);
    this.#scope(b.iters.map((it) => it.var), () => {
      if (b.init) {
        this.line(depth + 1, "with T.init():");
        this.stmt(b.init, depth + 2);
      }
      this.stmt(b.body, depth + 1);
    });
  }

  access(b: Buffer, indices: readonly Expr[]): string {
    return `${this.name(b)}[${indices.length ? indices.map((e) => this.expr(e)).join(", ") : "()"}]`;
  }

  /** The text of `e`, in parentheses if it binds less tightly than `outer`. */
  expr(e: Expr, outer = 0): string {
    switch (e.kind) {
      case "const":
        if (e.dtype === "i32") return `${e.value}`;
        if (e.dtype === "bool") return e.value ? "True" : "False";
        return `T.${TYPE[e.dtype]}(${floatText(e.value)})`;
      case "var":
        return this.name(e);
      case "binary": {
        const infix = INFIX[e.op];
        if (!infix) return `T.${e.op}(${this.expr(e.a)}, ${this.expr(e.b)})`;
        const [text, own] = infix;
        // Python chains comparisons, so one inside another needs its parentheses on either side.
        const left = own === COMPARISON ? own + 1 : own;
        const both = `${this.expr(e.a, left)} ${text} ${this.expr(e.b, own + 1)}`;
        return own < outer ? `(${both})` : both;
      }
      case "not":
        return outer > 3 ? `(not ${this.expr(e.a, 3)})` : `not ${this.expr(e.a, 3)}`;
      case "select":
        return `T.if_then_else(${this.expr(e.cond)}, ${this.expr(e.a)}, ${this.expr(e.b)})`;
      case "cast":
        return `T.Cast("${TYPE[scalarOf(e.dtype)]}${e.dtype.slice(scalarOf(e.dtype).length)}", ${
          this.expr(e.a)
        })`;
      case "call":
        return `T.${CALL[e.op] ?? `${e.op}(`}${e.args.map((x) => this.expr(x)).join(", ")})`;
      case "load":
        return this.access(e.buffer, e.indices);
      case "ramp":
        return `T.Ramp(${this.expr(e.base)}, ${e.stride}, ${lanesOf(e.dtype)})`;
      case "broadcast":
        return `T.Broadcast(${this.expr(e.a)}, ${lanesOf(e.dtype)})`;
      case "shuffle":
        return `T.Shuffle([${e.lanes.map((x) => this.expr(x)).join(", ")}])`;
      default:
        return e satisfies never;
    }
  }
}

/** Annotations as a Python dictionary, or nothing. */
function dictionary(notes: Annotations): string {
  const entries = Object.entries(notes).map(([key, value]) => {
    const text = typeof value === "boolean" ? (value ? "True" : "False") : JSON.stringify(value);
    return `${JSON.stringify(key)}: ${text}`;
  });
  return entries.length ? `{${entries.join(", ")}}` : "";
}

/** The function as text. */
export function printFunc(f: FuncData): string {
  const p = new Printer();
  p.func(f);
  return p.lines.join("\n");
}

/**
 * A statement as text; its free variables keep their names.
 *
 * @throws {OptionError} for an argument of a wrong kind
 */
export function printStmt(s: Stmt): string {
  checkArgument("tir.printStmt", "stmt", s, stmtKind);
  const p = new Printer();
  p.stmt(s, 0);
  return p.lines.join("\n");
}

/** The first lines of a statement's text, for messages. */
export function printExcerpt(s: Stmt, limit = 12): string {
  const lines = printStmt(s).split("\n");
  const shown = lines.slice(0, limit).map((line) => `  | ${line}`);
  if (lines.length > limit) shown.push(`  | … ${lines.length - limit} more lines`);
  return shown.join("\n");
}

/** An expression as text. */
export function printExpr(e: Expr): string {
  return new Printer().expr(e);
}

/** A number as TVMScript has it. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  return Number.isFinite(value) ? `${value}` : value > 0 ? '"inf"' : '"-inf"';
}
