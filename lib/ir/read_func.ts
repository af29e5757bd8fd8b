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
import { readDomains } from "./domain.ts";
import { readRequirements } from "./requirement.ts";
import { IrError } from "./error.ts";
import type { BinaryOp, Buffer, Expr, MathOp, Scope, Var } from "./expr.ts";
import { PrimFunc } from "./func.ts";
import { STORAGE_TYPES } from "./stored.ts";
import type { Annotations, Block, LoopKind, Stmt } from "./stmt.ts";
import {
  type JsonFields,
  quoteJson,
  readList,
  readNumber,
  readOneOf,
  readRecord,
  readText,
} from "./json_fields.ts";

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
  "exp2",
  "log",
  "log2",
  "sqrt",
  "rsqrt",
  "sin",
  "cos",
  "atan",
  "tanh",
  "erf",
  "abs",
  "floor",
  "round",
  "pow",
  "fma",
  "isNaN",
  "bitcastF32",
  "bitcastI32",
  "bitcastU32",
  "dot4I8Packed",
];
// deno-fmt-ignore
const EXPRS = ["const", "binary", "not", "select", "cast", "call", "load"] as const;
const STMTS = ["for", "seq", "if", "store", "block"] as const;

/** Constants that JSON has no number for. */
const SIGNED: ReadonlyMap<unknown, number> = new Map([
  ["-0", -0],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/** Levels of nesting that are read: far more than programs have, and far from the end of the stack. */
const DEEPEST = 1000;

export class Reader {
  readonly #vars: readonly Var[];
  readonly #buffers: Buffer[] = [];
  /** Expressions that stand at several places, and the levels of each. */
  readonly #nodes: { readonly expr: Expr; readonly depth: number }[] = [];
  #depth = 0;
  #deepest = 0;

  constructor(readonly json: JsonFields) {
    this.#vars = readList(json.vars).map((v) => {
      const { name, dtype } = readRecord(v);
      return variable(readText(name), readOneOf(dtype, SCALARS));
    });
    for (const b of readList(json.buffers)) {
      const { name, dtype, scope, shape } = readRecord(b);
      this.#buffers.push(
        buffer(
          readText(name),
          readList(shape).map((d) => this.#expr(d)),
          readOneOf(dtype, STORAGE_TYPES),
          readOneOf(scope, SCOPES),
        ),
      );
    }
    // A node mentions nodes before it, so none is inside of itself.
    for (const node of readList(json.nodes ?? [])) {
      this.#deepest = 0;
      const expr = this.#expr(node);
      this.#nodes.push({ expr, depth: this.#deepest });
    }
  }

  func(): PrimFunc {
    const { name, allocs, body, domains = {}, requires = [], activations = [], inPlace = [] } = this.json;
    const params = readList(this.json.params).map((b) => this.#buffer({ buffer: b }));
    const shapeVars = readList(this.json.shapeVars).map((v) => this.#var({ var: v }));
    const names = shapeVars.map((v) => v.name);
    return new PrimFunc(
      readText(name),
      params,
      shapeVars,
      readList(allocs).map((b) => this.#buffer({ buffer: b })),
      this.#stmt(body),
      readDomains(domains, params.map((b) => b.name), names),
      readRequirements(requires, names),
      readList(activations).map((x) => readOneOf(x, params.map((b) => b.name))),
      readList(inPlace).map((x) => readOneOf(x, params.map((b) => b.name))),
    );
  }

  #var(x: unknown): Var {
    const v = this.#vars[readNumber(readRecord(x).var)];
    if (!v) throw new IrError(`no variable ${quoteJson(x)}`);
    return v;
  }
  #buffer(x: unknown): Buffer {
    const b = this.#buffers[readNumber(readRecord(x).buffer)];
    if (!b) throw new IrError(`no buffer ${quoteJson(x)}`);
    return b;
  }
  #exprs(x: unknown): readonly Expr[] {
    return readList(x).map((e) => this.#expr(e));
  }

  /** What `read` reads one level down. */
  #below<T>(read: () => T, levels = 1): T {
    this.#deepest = Math.max(this.#deepest, this.#depth + levels);
    if (this.#deepest > DEEPEST) throw new IrError(`it is nested more than ${DEEPEST} deep`);
    this.#depth++;
    const node = read();
    this.#depth--;
    return node;
  }

  #expr(x: unknown): Expr {
    const e = readRecord(x);
    return "node" in e ? this.#shared(e) : this.#below(() => this.#node(e));
  }

  #shared(e: JsonFields): Expr {
    const node = this.#nodes[readNumber(e.node)];
    if (!node) throw new IrError(`expected a node before this one, got ${quoteJson(e)}`);
    return this.#below(() => node.expr, node.depth);
  }

  // Builders check the parts of a node, but a node that they would fold is kept as it was written.
  #node(e: JsonFields): Expr {
    if ("var" in e) return this.#var(e);
    const kind = readOneOf(e.kind, EXPRS);
    switch (kind) {
      case "const":
        return constant(SIGNED.get(e.value) ?? readNumber(e.value), readOneOf(e.dtype, SCALARS));
      case "binary": {
        const op = readOneOf(e.op, BINARY), a = this.#expr(e.a), b = this.#expr(e.b);
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
        return { kind, dtype: readOneOf(e.dtype, SCALARS), a: this.#expr(e.a) };
      case "call":
        return call(readOneOf(e.op, MATH), ...this.#exprs(e.args));
      case "load":
        return load(this.#buffer(e.buffer), ...this.#exprs(e.indices));
      default:
        return kind satisfies never;
    }
  }

  #stmt(x: unknown): Stmt {
    return this.#below(() => this.#statement(readRecord(x)));
  }

  #statement(s: JsonFields): Stmt {
    const kind = readOneOf(s.kind, STMTS);
    switch (kind) {
      case "for":
        return forLoop(
          this.#var(s.var),
          this.#expr(s.extent),
          this.#stmt(s.body),
          readOneOf(s.loop, LOOPS),
          annotations(s.annotations),
        );
      case "seq":
        return { kind, body: readList(s.body).map((y) => this.#stmt(y)) };
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

  #block(s: JsonFields): Block {
    const iters = readList(s.iters).map((it) => {
      const { var: v, extent, type } = readRecord(it);
      return iterVar(
        this.#var(v),
        this.#expr(extent),
        readOneOf<"spatial" | "reduce">(type, ["spatial", "reduce"]),
      );
    });
    const bindings = this.#exprs(s.bindings);
    if (bindings.length !== iters.length) {
      throw new IrError(`block ${quoteJson(s.name)} binds ${bindings.length} of ${iters.length} axes`);
    }
    return block(readText(s.name), iters, bindings, this.#stmt(s.body), {
      where: this.#expr(s.where),
      ...(s.init === undefined ? {} : { init: this.#stmt(s.init) }),
      annotations: annotations(s.annotations),
    });
  }
}

function annotations(x: unknown): Annotations {
  const entries = Object.entries(readRecord(x)).map(([k, v]): [string, string | number | boolean] => {
    if (typeof v === "string" || typeof v === "number" || typeof v === "boolean") return [k, v];
    throw new IrError(`annotation ${k} is ${quoteJson(v)}, and not text, a number or a boolean`);
  });
  return Object.fromEntries(entries);
}
