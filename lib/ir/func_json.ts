/**
 * Whole programs as JSON data, and back. Nodes keep their grammar's fields; a variable is `{ var: n }`, a
 * buffer `{ buffer: n }`, into the tables that come with them. What is read is untrusted input:
 * every field is checked, and nothing in it is ever run. In a program whose expressions are large as trees, those that
 * stand at several places are in a table, too: `{ node: n }`.
 */
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { IrError } from "./error.ts";
import { TunebookError } from "../base/error.ts";
import type { Buffer, Expr, Var } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { verifyFunc } from "./verify.ts";
import { Reader } from "./read_func.ts";
import { readRecord } from "./json_fields.ts";
import { sharedNodes } from "./shared_nodes.ts";
import { walkDirect } from "./visit.ts";
import { storageOf } from "./stored.ts";

/** Nodes of all expressions as trees, from which on those at several places are written once. */
const LARGE = 4096;

/** A program as JSON. */
export type FuncJson = { readonly [key: string]: unknown };

/**
 * Writes a program as JSON data.
 *
 * @throws {IrError} for a program that is nested too deeply
 */
export function funcToJson(f: PrimFunc): FuncJson {
  return withinStack(() => toJson(f), () => new IrError(`cannot write ${f.name} as JSON: ${TOO_DEEP}`));
}

function toJson(f: PrimFunc): FuncJson {
  const vars = new Map<Var, number>(), buffers = new Map<Buffer, number>();
  const varTable: unknown[] = [], bufferTable: unknown[] = [];
  const exprs: Expr[] = [];
  walkDirect(f.body, () => {}, (e) => exprs.push(e));
  const shared = sharedNodes(exprs, LARGE);
  const ids = new Map<object, number>(shared.map((e, id) => [e, id]));
  const encode = (x: unknown): unknown => {
    if (Array.isArray(x)) return x.map(encode);
    // JSON has no zero with a sign, and no infinity.
    if (Object.is(x, -0)) return "-0";
    if (x === Infinity || x === -Infinity) return `${x}`;
    if (typeof x !== "object" || x === null) return x;
    const node = x as { readonly kind?: string };
    if (node.kind === "var") return { var: varId(x as Var) };
    if (node.kind === "buffer") return { buffer: bufferId(x as Buffer) };
    const id = ids.get(x);
    return id === undefined ? parts(x) : { node: id };
  };
  const parts = (x: object) => Object.fromEntries(Object.entries(x).map(([k, v]) => [k, encode(v)]));
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
      bufferTable[at] = { name: b.name, dtype: storageOf(b), scope: b.scope, shape: encode(b.shape) };
    }
    return buffers.get(b) as number;
  };
  const rest = {
    name: f.name,
    params: f.params.map(bufferId),
    allocs: f.allocs.map(bufferId),
    shapeVars: f.shapeVars.map(varId),
    body: encode(f.body),
    ...(shared.length > 0 ? { nodes: shared.map(parts) } : {}),
    ...(Object.keys(f.domains).length > 0 ? { domains: f.domains } : {}),
    ...(f.requires.length > 0 ? { requires: f.requires } : {}),
    ...(f.activations.length > 0 ? { activations: f.activations } : {}),
    ...(f.inPlace.length > 0 ? { inPlace: f.inPlace } : {}),
  };
  return { ...rest, vars: varTable, buffers: bufferTable };
}

/**
 * Reads a program from JSON data, and verifies it.
 *
 * @throws {IrError} where it is not a well-formed program
 */
export function funcFromJson(json: unknown): PrimFunc {
  try {
    return withinStack(() => fromJson(json), () => new IrError(TOO_DEEP));
  } catch (e) {
    if (e instanceof TunebookError) throw new IrError(`cannot read a program: ${e.message}`);
    throw e;
  }
}

function fromJson(json: unknown): PrimFunc {
  const func = new Reader(readRecord(json)).func();
  verifyFunc(func);
  return func;
}
