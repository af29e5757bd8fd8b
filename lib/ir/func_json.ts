/**
 * Whole programs as JSON data, and back. Nodes keep their grammar's fields; a variable is `{ var: n }`, a
 * buffer `{ buffer: n }`, into the tables that come with them. What is read comes from files of strangers:
 * every field is checked, and nothing in it is ever run.
 */
import {
  binary,
  block,
  buffer,
  call,
  constant,
  forLoop,
  iterVar,
  load,
  select,
  store,
  variable,
} from "./build.ts";
import type { ScalarType } from "./dtype.ts";
import { IrError } from "./error.ts";
import { TunebookError } from "../base/error.ts";
import type { BinaryOp, Buffer, Expr, MathOp, Scope, Var } from "./expr.ts";
import { PrimFunc } from "./func.ts";
import type { Annotations, Block, LoopKind, Stmt } from "./stmt.ts";
import { verifyFunc } from "./verify.ts";

/** A program as JSON. */
export type FuncJson = { readonly [key: string]: unknown };

export function funcToJson(f: PrimFunc): FuncJson {
  const vars = new Map<Var, number>(), buffers = new Map<Buffer, number>();
  const varTable: unknown[] = [], bufferTable: unknown[] = [];
  const encode = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(encode);
    // JSON has no zero with a sign.
    if (Object.is(x, -0)) return "-0";
    if (typeof x !== "object" || x === null) return x;
    const node = x as { readonly kind?: string };
    if (node.kind === "var") return { var: varId(x as Var) };
    if (node.kind === "buffer") return { buffer: bufferId(x as Buffer) };
    return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, encode(v)]));
  };
  const varId = (v: Var): number => {
    if (!vars.has(v)) {
      vars.set(v, vars.size);
      varTable.push({ name: v.name, dtype: v.dtype });
    }
    return vars.get(v) as number;
  };
  const bufferId = (b: Buffer): number => {
    if (!buffers.has(b)) {
      buffers.set(b, buffers.size);
      const at = bufferTable.push(undefined) - 1;
      bufferTable[at] = { name: b.name, dtype: b.dtype, scope: b.scope, shape: encode(b.shape) };
    }
    return buffers.get(b) as number;
  };
  const rest = {
    name: f.name,
    params: f.params.map(bufferId),
    allocs: f.allocs.map(bufferId),
    shapeVars: f.shapeVars.map(varId),
    body: encode(f.body),
  };
  return { ...rest, vars: varTable, buffers: bufferTable };
}

/**
 * The program of `json`.
 *
 * @throws {IrError} where it is not one
 */
export function funcFromJson(json: unknown): PrimFunc {
  try {
    const func = new Reader(record(json)).func();
    verifyFunc(func);
    return func;
  } catch (e) {
    if (e instanceof TunebookError) throw new IrError(`cannot read a program: ${e.message}`);
    throw e;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function record(x: unknown): Fields {
  if (typeof x !== "object" || x === null || Array.isArray(x)) {
    throw new IrError(`expected an object, got ${show(x)}`);
  }
  return x as Fields;
}
function list(x: unknown): readonly unknown[] {
  if (!Array.isArray(x)) throw new IrError(`expected a list, got ${show(x)}`);
  return x;
}
function text(x: unknown): string {
  if (typeof x !== "string") throw new IrError(`expected text, got ${show(x)}`);
  if (x.length > LONGEST_NAME) {
    throw new IrError(`a name is ${x.length} letters long, ${show(x)}…, and up to ${LONGEST_NAME} work`);
  }
  return x;
}
function number(x: unknown): number {
  if (typeof x !== "number" || !Number.isFinite(x)) throw new IrError(`expected a number, got ${show(x)}`);
  return x;
}
function oneOf<T extends string>(x: unknown, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === x);
  if (found === undefined) throw new IrError(`expected one of ${allowed.join(", ")}, got ${show(x)}`);
  return found;
}
function show(x: unknown): string {
  return (JSON.stringify(x) ?? `${x}`).slice(0, 60);
}

const SCALARS: readonly ScalarType[] = ["f32", "f16", "i32", "u32", "bool"];
const SCOPES: readonly Scope[] = ["global", "shared", "local", "texture", "uniform"];
const THREADS = [
  "blockIdx.x",
  "blockIdx.y",
  "blockIdx.z",
  "threadIdx.x",
  "threadIdx.y",
  "threadIdx.z",
] as const;
const LOOPS: readonly LoopKind[] = ["serial", "parallel", "vectorized", "unrolled", "vthread", ...THREADS];
// deno-fmt-ignore
const BINARY: readonly BinaryOp[] = [
  "add", "sub", "mul", "div", "floordiv", "floormod", "min", "max", "bitand", "bitor", "bitxor", "shl", "shr",
  "eq", "ne", "lt", "le", "gt", "ge", "and", "or",
];
const MATH: readonly MathOp[] = [
  "exp",
  "log",
  "sqrt",
  "rsqrt",
  "sin",
  "cos",
  "tanh",
  "erf",
  "abs",
  "floor",
  "pow",
  "fma",
  "dot4I8Packed",
];
// deno-fmt-ignore
const EXPRS = ["const", "binary", "not", "select", "cast", "call", "load"] as const;
const STMTS = ["for", "seq", "if", "store", "block"] as const;

/** Longest name that is read; schedules take no longer ones either. */
const LONGEST_NAME = 1000;

/** Levels of nesting that are read: far more than programs have, and far from the end of the stack. */
const DEEPEST = 1000;

class Reader {
  readonly #vars: readonly Var[];
  readonly #buffers: Buffer[] = [];
  #depth = 0;

  constructor(readonly json: Fields) {
    this.#vars = list(json.vars).map((v) => {
      const { name, dtype } = record(v);
      return variable(text(name), oneOf(dtype, SCALARS));
    });
    for (const b of list(json.buffers)) {
      const { name, dtype, scope, shape } = record(b);
      this.#buffers.push(
        buffer(
          text(name),
          list(shape).map((d) => this.#expr(d)),
          oneOf(dtype, SCALARS),
          oneOf(scope, SCOPES),
        ),
      );
    }
  }

  func(): PrimFunc {
    const { name, params, allocs, shapeVars, body } = this.json;
    return new PrimFunc(
      text(name),
      list(params).map((b) => this.#buffer({ buffer: b })),
      list(shapeVars).map((v) => this.#var({ var: v })),
      list(allocs).map((b) => this.#buffer({ buffer: b })),
      this.#stmt(body),
    );
  }

  #var(x: unknown): Var {
    const v = this.#vars[number(record(x).var)];
    if (!v) throw new IrError(`no variable ${show(x)}`);
    return v;
  }
  #buffer(x: unknown): Buffer {
    const b = this.#buffers[number(record(x).buffer)];
    if (!b) throw new IrError(`no buffer ${show(x)}`);
    return b;
  }
  #exprs(x: unknown): readonly Expr[] {
    return list(x).map((e) => this.#expr(e));
  }

  /** What `read` reads one level down. */
  #below<T>(read: () => T): T {
    if (this.#depth === DEEPEST) throw new IrError(`it is nested more than ${DEEPEST} deep`);
    this.#depth++;
    const node = read();
    this.#depth--;
    return node;
  }

  #expr(x: unknown): Expr {
    return this.#below(() => this.#node(record(x)));
  }

  // Builders check the parts of a node; where they would fold it, it stays as it was written.
  #node(e: Fields): Expr {
    if ("var" in e) return this.#var(e);
    const kind = oneOf(e.kind, EXPRS);
    switch (kind) {
      case "const":
        return constant(e.value === "-0" ? -0 : number(e.value), oneOf(e.dtype, SCALARS));
      case "binary": {
        const op = oneOf(e.op, BINARY), a = this.#expr(e.a), b = this.#expr(e.b);
        return { kind, dtype: binary(op, a, b).dtype, op, a, b };
      }
      case "not": {
        const a = this.#expr(e.a);
        return { kind, dtype: a.dtype, a };
      }
      case "select": {
        const cond = this.#expr(e.cond), a = this.#expr(e.a), b = this.#expr(e.b);
        return { kind, dtype: select(cond, a, b).dtype, cond, a, b };
      }
      case "cast":
        return { kind, dtype: oneOf(e.dtype, SCALARS), a: this.#expr(e.a) };
      case "call":
        return call(oneOf(e.op, MATH), ...this.#exprs(e.args));
      case "load":
        return load(this.#buffer(e.buffer), ...this.#exprs(e.indices));
      default:
        return kind satisfies never;
    }
  }

  #stmt(x: unknown): Stmt {
    return this.#below(() => this.#statement(record(x)));
  }

  #statement(s: Fields): Stmt {
    const kind = oneOf(s.kind, STMTS);
    switch (kind) {
      case "for":
        return forLoop(
          this.#var(s.var),
          this.#expr(s.extent),
          this.#stmt(s.body),
          oneOf(s.loop, LOOPS),
          annotations(s.annotations),
        );
      case "seq":
        return { kind, body: list(s.body).map((y) => this.#stmt(y)) };
      case "if": {
        const parts = { kind: "if", cond: this.#expr(s.cond), then: this.#stmt(s.then) } as const;
        return s.else === undefined ? parts : { ...parts, else: this.#stmt(s.else) };
      }
      case "store": {
        const b = this.#buffer(s.buffer);
        const indices = this.#exprs(s.indices);
        if (indices.length !== b.shape.length) {
          throw new IrError(`a store to ${b.name} has ${indices.length} indices`);
        }
        return store(b, indices, this.#expr(s.value));
      }
      case "block":
        return this.#block(s);
      default:
        return kind satisfies never;
    }
  }

  #block(s: Fields): Block {
    const iters = list(s.iters).map((it) => {
      const { var: v, extent, type } = record(it);
      return iterVar(
        this.#var(v),
        this.#expr(extent),
        oneOf<"spatial" | "reduce">(type, ["spatial", "reduce"]),
      );
    });
    const bindings = this.#exprs(s.bindings);
    if (bindings.length !== iters.length) {
      throw new IrError(`block ${show(s.name)} binds ${bindings.length} of ${iters.length} axes`);
    }
    return block(text(s.name), iters, bindings, this.#stmt(s.body), {
      where: this.#expr(s.where),
      ...(s.init === undefined ? {} : { init: this.#stmt(s.init) }),
      annotations: annotations(s.annotations),
    });
  }
}

function annotations(x: unknown): Annotations {
  const entries = Object.entries(record(x)).map(([k, v]): [string, string | number | boolean] => {
    if (typeof v === "string" || typeof v === "number" || typeof v === "boolean") return [k, v];
    throw new IrError(`annotation ${k} is ${show(v)}, and not text, a number or a boolean`);
  });
  return Object.fromEntries(entries);
}
