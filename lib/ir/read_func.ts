/** The nodes of a program, read from untrusted JSON. */
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
import type { BinaryOp, Buffer, Expr, MathOp, Scope, Var } from "./expr.ts";
import { PrimFunc } from "./func.ts";
import type { Annotations, Block, LoopKind, Stmt } from "./stmt.ts";
import { type Fields, list, number, oneOf, record, show, text } from "./json_fields.ts";

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

/** Levels of nesting that are read: far more than programs have, and far from the end of the stack. */
const DEEPEST = 1000;

export class Reader {
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
