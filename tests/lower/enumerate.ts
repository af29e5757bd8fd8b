/**
 * Runs the statements of a program on plain numbers, one thread after the other, to check analyses against.
 * It shares nothing with the interpreter or with the analyzer.
 */
import type { BinaryOp, Buffer, Expr, Load, Var } from "../../lib/ir/expr.ts";
import type { Block, For, Stmt, Store } from "../../lib/ir/stmt.ts";

/** Values of variables. */
export type Values = ReadonlyMap<Var, number>;

/** What a run tells of. */
export interface Visitor {
  /** Called for each element that is read or written, with the loops around it, outermost first. */
  readonly touch?: (
    x: Load | Store,
    elements: readonly number[],
    values: Values,
    loops: readonly For[],
  ) => void;
  /** Called for each instance of a block, before what it touches. */
  readonly enter?: (b: Block) => void;
  /** Called for each barrier. */
  readonly barrier?: () => void;
}

/** Elements of buffers, by their indices; `strange` gives the value of an element that no statement wrote. */
export class Memory {
  readonly #elements = new Map<string, number>();

  constructor(readonly strange: (b: Buffer, elements: readonly number[]) => number = () => 0) {}

  get(b: Buffer, at: readonly number[]): number {
    return this.#elements.get(`${b.name}[${at}]`) ?? this.strange(b, at);
  }
  set(b: Buffer, at: readonly number[], value: number): void {
    this.#elements.set(`${b.name}[${at}]`, value);
  }
  /** What was written to a buffer, as text in a fixed order. */
  written(b: Buffer): readonly string[] {
    return [...this.#elements].filter(([key]) => key.startsWith(`${b.name}[`)).map(([k, v]) => `${k} = ${v}`)
      .toSorted();
  }
}

/** Runs a statement for one thread. */
export function run(
  s: Stmt,
  values: Values,
  memory: Memory,
  visitor: Visitor = {},
  loops: readonly For[] = [],
): void {
  const value = (e: Expr): number =>
    valueOf(e, values, (x) => {
      const at = x.indices.map(value);
      visitor.touch?.(x, at, values, loops);
      return memory.get(x.buffer, at);
    });
  const go = (x: Stmt, now = values, around = loops) => run(x, now, memory, visitor, around);
  switch (s.kind) {
    case "seq":
      return s.body.forEach((x) => go(x));
    case "for": {
      const extent = value(s.extent);
      for (let k = 0; k < extent; k++) go(s.body, new Map(values).set(s.var, k), [...loops, s]);
      return;
    }
    case "if":
      if (value(s.cond) !== 0) go(s.then);
      else if (s.else) go(s.else);
      return;
    case "let":
      return go(s.body, new Map(values).set(s.var, value(s.value)));
    case "store": {
      const stored = value(s.value), at = s.indices.map(value);
      visitor.touch?.(s, at, values, loops);
      return memory.set(s.buffer, at, stored);
    }
    case "barrier":
      return visitor.barrier?.();
    case "block": {
      const bound = s.iters.map((it, k): [Var, number] => [it.var, value(s.bindings[k] as Expr)]);
      const inside = new Map([...values, ...bound]);
      visitor.enter?.(s);
      if (valueOf(s.where, inside) === 0) return;
      const begins = s.iters.every((it, k) => it.type === "spatial" || bound[k]?.[1] === 0);
      if (s.init && begins) go(s.init, inside);
      return go(s.body, inside);
    }
    default:
      return s satisfies never;
  }
}

const OPERATE: Readonly<Record<BinaryOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  floordiv: (a, b) => Math.floor(a / b),
  floormod: (a, b) => a - Math.floor(a / b) * b,
  min: Math.min,
  max: Math.max,
  eq: (a, b) => +(a === b),
  ne: (a, b) => +(a !== b),
  lt: (a, b) => +(a < b),
  le: (a, b) => +(a <= b),
  gt: (a, b) => +(a > b),
  ge: (a, b) => +(a >= b),
  and: (a, b) => +(a !== 0 && b !== 0),
  or: (a, b) => +(a !== 0 || b !== 0),
  bitand: (a, b) => a & b,
  bitor: (a, b) => a | b,
  bitxor: (a, b) => a ^ b,
  shl: (a, b) => a << b,
  shr: (a, b) => a >> b,
};

/** The value of a scalar expression; `read` gives the values of loads. */
export function valueOf(e: Expr, values: Values, read: (x: Load) => number = noLoads): number {
  const value = (x: Expr) => valueOf(x, values, read);
  switch (e.kind) {
    case "const":
      return e.value;
    case "var": {
      const known = values.get(e);
      if (known === undefined) throw new Error(`${e.name} has no value`);
      return known;
    }
    case "binary": {
      return OPERATE[e.op](value(e.a), value(e.b));
    }
    case "cast":
      return value(e.a);
    case "call":
      // Analyses say nothing of the values of functions: a sum stands for each of them.
      return e.args.reduce((sum, a) => sum + value(a), 0);
    case "not":
      return +(value(e.a) === 0);
    case "select":
      return value(e.cond) !== 0 ? value(e.a) : value(e.b);
    case "load":
      return read(e);
    default:
      throw new Error(`cannot compute a ${e.kind}`);
  }
}

function noLoads(x: Load): never {
  throw new Error(`${x.buffer.name} is read where no memory is`);
}

/** The elements of an index of one dimension: several of a vector. */
export function lanesOf(index: Expr, values: Values): readonly number[] {
  if (index.kind !== "ramp") return [valueOf(index, values)];
  const base = valueOf(index.base, values);
  return [0, 1, 2, 3].map((k) => base + k * index.stride);
}

/** Every combination of values of variables with these extents. */
export function allValues(extents: ReadonlyMap<Var, number>): readonly Values[] {
  return [...extents].reduce<readonly Values[]>(
    (all, [v, extent]) =>
      all.flatMap((values) => Array.from({ length: extent }, (_, k) => new Map(values).set(v, k))),
    [new Map()],
  );
}
