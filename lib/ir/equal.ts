/**
 * Structural equality. Two programs are equal if one becomes the other when variables and buffers are
 * renamed: a binder of one side (a parameter, an allocation, a loop, an iteration variable) corresponds to
 * the binder that stands in the same place on the other.
 */
import type { Buffer, Expr, Var } from "./expr.ts";
import type { FuncData } from "./func_data.ts";
import type { Annotations, Block, IterVar, Stmt } from "./stmt.ts";

/** A one-to-one map between the variables and buffers of both sides. */
export class Renaming {
  readonly #forth = new Map<Var | Buffer, Var | Buffer>();
  readonly #back = new Map<Var | Buffer, Var | Buffer>();

  /** From now on, `a` of the left side is `b` of the right. */
  bind(a: Var | Buffer, b: Var | Buffer): void {
    this.#forth.set(a, b);
    this.#back.set(b, a);
  }

  /** Whether `a` stands for `b`; what was never bound stands for itself alone. */
  matches(a: Var | Buffer, b: Var | Buffer): boolean {
    const forth = this.#forth.get(a), back = this.#back.get(b);
    return forth === undefined && back === undefined ? a === b : forth === b && back === a;
  }
}

/** The map for expressions, which bind no names. */
const UNRENAMED = new Renaming();

/** Whether `a` and `b` are one program up to the names of variables and buffers. Names of blocks and of the program count. */
export function equalFunc(a: FuncData, b: FuncData): boolean {
  const names = new Renaming();
  if (a.name !== b.name || a.shapeVars.length !== b.shapeVars.length) return false;
  // Names of parameters don't count, their places do.
  const places = (f: FuncData, names: readonly string[] = []) =>
    names.map((x) => f.params.findIndex((b) => b.name === x));
  const same = (x: number, y: number) => x === y;
  if (!sameList(places(a, a.activations), places(b, b.activations), same)) return false;
  if (!sameList(places(a, a.inPlace), places(b, b.inPlace), same)) return false;
  a.shapeVars.forEach((v, k) => names.bind(v, b.shapeVars[k] as Var));
  if (!sameList(a.shapeVars, b.shapeVars, (x, y) => x.dtype === y.dtype)) return false;
  const declared = (x: Buffer, y: Buffer): boolean => {
    names.bind(x, y);
    return x.dtype === y.dtype && x.stored === y.stored && x.scope === y.scope &&
      sameList(x.shape, y.shape, (d, e) => equalExpr(d, e, names));
  };
  return sameList(a.params, b.params, declared) && sameList(a.allocs, b.allocs, declared) &&
    equalStmt(a.body, b.body, names);
}

/** Whether `a` and `b` are one statement up to the names that they bind; free variables and buffers are themselves, or what `names` says. */
export function equalStmt(a: Stmt, b: Stmt, names: Renaming = new Renaming()): boolean {
  const expr = (x: Expr, y: Expr) => equalExpr(x, y, names);
  switch (a.kind) {
    case "for":
      if (b.kind !== "for" || a.loop !== b.loop || !expr(a.extent, b.extent)) return false;
      return sameNotes(a.annotations, b.annotations) && bound(a.var, b.var, names) &&
        equalStmt(a.body, b.body, names);
    case "seq":
      return b.kind === "seq" && sameList(a.body, b.body, (x, y) => equalStmt(x, y, names));
    case "if":
      if (b.kind !== "if" || !expr(a.cond, b.cond) || !equalStmt(a.then, b.then, names)) return false;
      return sameOptional(a.else, b.else, names);
    case "store":
      return b.kind === "store" && names.matches(a.buffer, b.buffer) &&
        sameList(a.indices, b.indices, expr) &&
        expr(a.value, b.value);
    case "block":
      return b.kind === "block" && equalBlock(a, b, names);
    case "let":
      return b.kind === "let" && expr(a.value, b.value) && bound(a.var, b.var, names) &&
        equalStmt(a.body, b.body, names);
    case "barrier":
      return b.kind === "barrier" && a.memory === b.memory;
    default:
      return a satisfies never;
  }
}

function equalBlock(a: Block, b: Block, names: Renaming): boolean {
  const expr = (x: Expr, y: Expr) => equalExpr(x, y, names);
  if (a.name !== b.name || !sameNotes(a.annotations, b.annotations)) return false;
  if (!sameList(a.bindings, b.bindings, expr) || !expr(a.where, b.where)) return false;
  const axis = (x: IterVar, y: IterVar) =>
    x.type === y.type && expr(x.extent, y.extent) && bound(x.var, y.var, names);
  return sameList(a.iters, b.iters, axis) && sameOptional(a.init, b.init, names) &&
    equalStmt(a.body, b.body, names);
}

/** Whether `a` and `b` are one expression; free variables and buffers are themselves, or what `names` says. */
export function equalExpr(a: Expr, b: Expr, names: Renaming = UNRENAMED): boolean {
  if (a === b && names === UNRENAMED) return true;
  if (a.dtype !== b.dtype) return false;
  const same = (x: Expr, y: Expr) => equalExpr(x, y, names);
  switch (a.kind) {
    case "const":
      return b.kind === "const" && Object.is(a.value, b.value);
    case "var":
      return b.kind === "var" && names.matches(a, b);
    case "binary":
      return b.kind === "binary" && a.op === b.op && same(a.a, b.a) && same(a.b, b.b);
    case "not":
    case "cast":
    case "broadcast":
      return b.kind === a.kind && same(a.a, b.a);
    case "select":
      return b.kind === "select" && same(a.cond, b.cond) && same(a.a, b.a) && same(a.b, b.b);
    case "call":
      return b.kind === "call" && a.op === b.op && sameList(a.args, b.args, same);
    case "load":
      return b.kind === "load" && names.matches(a.buffer, b.buffer) && sameList(a.indices, b.indices, same);
    case "ramp":
      return b.kind === "ramp" && a.stride === b.stride && same(a.base, b.base);
    case "shuffle":
      return b.kind === "shuffle" && sameList(a.lanes, b.lanes, same);
    default:
      return a satisfies never;
  }
}

function bound(a: Var, b: Var, names: Renaming): boolean {
  names.bind(a, b);
  return a.dtype === b.dtype;
}

function sameOptional(a: Stmt | undefined, b: Stmt | undefined, names: Renaming): boolean {
  return a === undefined || b === undefined ? a === b : equalStmt(a, b, names);
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  return a.length === b.length && a.every((x, k) => same(x, b[k] as T));
}

function sameNotes(a: Annotations, b: Annotations): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && a[k] === b[k]);
}
