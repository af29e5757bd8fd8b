/** Graphs as JSON data, and back. What is read is untrusted: every field is checked. */
import { checkArgument } from "../base/check_options.ts";
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { TunebookError } from "../base/error.ts";
import { readDomains } from "../ir/domain.ts";
import type { StorageType } from "../ir/dtype.ts";
import { STORAGE_TYPES, storageOf } from "../ir/stored.ts";
import type { Expr, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { exprFromJson, exprToJson } from "../ir/json.ts";
import { readIndexExpr } from "../ir/read_index_expr.ts";
import { funcFromJson, funcToJson } from "../ir/func_json.ts";
import { quoteJson, readList, readNumber, readOneOf, readRecord, readText } from "../ir/json_fields.ts";
import { shapeVariable } from "../te/dimension.ts";
import { placeholder } from "../te/tensor.ts";
import { typeOf } from "./apply_operator.ts";
import { substituteShapes } from "../arith/specialize.ts";
import { RelaxError } from "./error.ts";
import { Graph } from "./graph.ts";
import { graphKind } from "./kinds.ts";
import { type OperatorName, OPERATORS } from "./operators.ts";
import {
  type Binding,
  type Call,
  type ConstantData,
  Extent,
  type Form,
  isOptions,
  Slot,
  type TensorType,
  Value,
} from "./value.ts";
import { typesOf, verifyGraph } from "./verify_graph.ts";

/** A graph as JSON. */
export type GraphJson = { readonly [key: string]: unknown };

/** The classes of constants' arrays by dtype. */
const ARRAYS = {
  f32: Float32Array,
  f16: Float16Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
  i8: Int8Array,
  u8: Uint8Array,
  bf16: Uint16Array,
} as const satisfies Record<StorageType, unknown>;
const GIVEN = ["input", "weight", "constant"] as const;
const OPERATOR_NAMES = Object.keys(OPERATORS) as readonly OperatorName[];
/** Levels of nesting that are read in an operator's arguments. */
const DEEPEST = 20;

/**
 * Writes a graph as JSON data. Constants are base64 of their bytes; types of results are left out, as they follow from their
 * calls.
 *
 * @throws {RelaxError} for a graph that is nested too deeply
 */
export function graphToJson(g: Graph): GraphJson {
  checkArgument("relax.graphToJson", "g", g, graphKind);
  return withinStack(() => toJson(g), () => new RelaxError(`cannot write ${g.name} as JSON: ${TOO_DEEP}`));
}

function toJson(g: Graph): GraphJson {
  const given = [...g.inputs, ...g.weights, ...g.constants];
  const ids = new Map<Value, number>();
  [...given, ...g.bindings.flatMap((b) => b.results)].forEach((v, id) => ids.set(v, id));
  const funcs = [...new Set(g.bindings.flatMap(({ call }) => call.kind === "tir" ? [call.func] : []))];
  return {
    name: g.name,
    values: given.map(({ name, type, origin }) => ({
      kind: origin.kind,
      name,
      dtype: storageOf(type),
      shape: type.shape.map(exprToJson),
      ...("domain" in origin && origin.domain ? { domain: origin.domain } : {}),
      ...(origin.kind === "constant" ? { data: base64(origin.data) } : {}),
    })),
    functions: funcs.map(funcToJson),
    calls: g.bindings.map(({ call, results }) => ({
      ...(call.kind === "op"
        ? { op: call.op, form: call.form.map(formToJson) }
        : { func: funcs.indexOf(call.func) }),
      args: call.args.map((v) => ids.get(v)),
      results: results.map((v) => v.name),
    })),
    outputs: Object.fromEntries(Object.entries(g.outputs).map(([name, v]) => [name, ids.get(v)])),
    ...(g.transform ? { transform: toJson(g.transform) } : {}),
  };
}

function base64({ buffer, byteOffset, byteLength }: ConstantData): string {
  return new Uint8Array(buffer, byteOffset, byteLength).toBase64();
}

/** JSON has no infinity, no NaN and no undefined. */
function formToJson(f: Form): unknown {
  if (f instanceof Slot) return { slot: f.index };
  if (f instanceof Extent) return { extent: exprToJson(f.expr) };
  if (typeof f === "number" && !Number.isFinite(f)) return { number: `${f}` };
  if (isOptions(f)) return Object.fromEntries(Object.entries(f).map(([name, x]) => [name, formToJson(x)]));
  return Array.isArray(f) ? f.map(formToJson) : f ?? null;
}

/**
 * Reads a graph from JSON data, and verifies it.
 *
 * @throws {RelaxError} where it is not a well-formed graph
 */
export function graphFromJson(json: unknown): Graph {
  try {
    return withinStack(() => fromJson(json), () => new RelaxError(TOO_DEEP));
  } catch (e) {
    if (e instanceof TunebookError) throw new RelaxError(`cannot read a graph: ${e.message}`, { cause: e });
    throw e;
  }
}

function fromJson(json: unknown, isTransform = false): Graph {
  const { name, values, functions, calls, outputs, transform } = readRecord(json);
  if (isTransform && transform !== undefined) {
    throw new RelaxError("expected a transform without one of its own");
  }
  const vars = new Vars();
  const known: Value[] = readList(values).map((v) => readGiven(v, vars));
  const funcs = readList(functions).map((f) => {
    const func = funcFromJson(f);
    return substituteShapes(func, new Map(func.shapeVars.map((v) => [v, vars.get(v.name)])));
  });
  const at = (id: unknown): Value => {
    const v = known[readNumber(id)];
    if (!v) throw new RelaxError(`expected a value before its use, got ${quoteJson(id)}`);
    return v;
  };
  const bindings = readList(calls).map((c): Binding => {
    const fields = readRecord(c);
    const args = readList(fields.args).map(at), names = readList(fields.results).map(readText);
    const call: Call = "op" in fields
      ? {
        kind: "op",
        op: readOneOf(fields.op, OPERATOR_NAMES),
        args,
        form: readList(fields.form).map((f) => formFromJson(f, args.length, vars)),
      }
      : { kind: "tir", func: funcAt(fields.func), args };
    const types = typesOf(call);
    if (types.length !== names.length) {
      throw new RelaxError(`expected ${types.length} results, got ${names.length}`);
    }
    const results = types.map((type, k) => new Value(names[k] as string, type, { kind: "result" }));
    known.push(...results);
    return { call, results };
  });
  function funcAt(id: unknown): PrimFunc {
    const func = funcs[readNumber(id)];
    if (!func) throw new RelaxError(`expected a function, got ${quoteJson(id)}`);
    return func;
  }
  const of = (kind: string) => known.filter((v) => v.origin.kind === kind);
  const results = Object.entries(readRecord(outputs)).map(([key, id]) => [key, at(id)] as const);
  const made = transform === undefined ? undefined : fromJson(transform, true);
  const g = new Graph(readText(name), of("input"), of("weight"), bindings, Object.fromEntries(results), made);
  verifyGraph(g);
  return g;
}

/** The shape variables of a graph, by name. */
class Vars {
  readonly #known = new Map<string, Var>();

  get(name: string): Var {
    const v = this.#known.get(name) ?? shapeVariable(name);
    this.#known.set(name, v);
    return v;
  }
}

function readGiven(x: unknown, vars: Vars): Value {
  const fields = readRecord(x);
  const kind = readOneOf(fields.kind, GIVEN),
    dtype = readOneOf(fields.dtype, STORAGE_TYPES),
    name = readText(fields.name);
  const shape = readList(fields.shape).map((d) => readExtent(d, vars));
  // It refuses extents that no tensor has.
  const type = typeOf(placeholder(name, shape, dtype));
  if (kind === "constant") return new Value(name, type, { kind, data: readData(fields.data, type) });
  if (fields.domain === undefined) return new Value(name, type, { kind });
  const { domain } = readDomains(
    { domain: fields.domain },
    ["domain"],
    type.shape.flatMap((d) => namesIn(exprToJson(d))),
  );
  return new Value(name, type, { kind, ...(domain ? { domain } : {}) });
}

function readExtent(d: unknown, vars: Vars): Expr {
  const names = namesIn(d);
  return exprFromJson(readIndexExpr(d, names), new Map(names.map((n) => [n, vars.get(n)])));
}

/** The names in a shape's extent, unchecked. */
function namesIn(x: unknown): readonly string[] {
  return typeof x === "string" ? [x] : Array.isArray(x) ? x.slice(1, 3).flatMap(namesIn) : [];
}

function readData(x: unknown, type: TensorType): ConstantData {
  if (typeof x !== "string") {
    throw new RelaxError(`expected a constant's data in base64, got ${quoteJson(x)}`);
  }
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.fromBase64(x);
  } catch {
    throw new RelaxError(`expected a constant's data in base64, got other text`);
  }
  const arrayType = ARRAYS[storageOf(type)];
  const size = type.shape.reduce(
    (n, d) => n * (d.kind === "const" ? d.value : NaN),
    arrayType.BYTES_PER_ELEMENT,
  );
  if (bytes.length !== size) {
    throw new RelaxError(`expected a constant of ${size} bytes, got ${bytes.length}`);
  }
  return new arrayType(bytes.buffer);
}

function formFromJson(x: unknown, args: number, vars: Vars, depth = 0): Form {
  if (depth > DEEPEST) throw new RelaxError(`expected up to ${DEEPEST} levels of arguments, got more`);
  if (x === null) return undefined;
  if (typeof x === "boolean" || typeof x === "number" || typeof x === "string") return x;
  if (Array.isArray(x)) return x.map((y) => formFromJson(y, args, vars, depth + 1));
  const fields = readRecord(x);
  if ("slot" in fields) {
    const index = readNumber(fields.slot);
    if (Number.isInteger(index) && index >= 0 && index < args) return new Slot(index);
    throw new RelaxError(`expected one of ${args} arguments, got ${quoteJson(fields.slot)}`);
  }
  if ("extent" in fields) return new Extent(readExtent(fields.extent, vars));
  if ("number" in fields) return Number(readOneOf(fields.number, ["Infinity", "-Infinity", "NaN"]));
  return Object.fromEntries(
    Object.entries(fields).map(([name, y]) => [name, formFromJson(y, args, vars, depth + 1)]),
  );
}
