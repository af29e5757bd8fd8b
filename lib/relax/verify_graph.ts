import { checkArgument } from "../base/check_options.ts";
import { shownValue } from "../base/shown_value.ts";
import { equalExpr } from "../ir/equal.ts";
import { inputsOf, outputsOf } from "../ir/parameters.ts";
import { verifyFunc } from "../ir/verify.ts";
import type { PrimFunc } from "../ir/func.ts";
import type { Expr } from "../ir/expr.ts";
import { applyOperator, placeholderOf, typeOf, typeOfBuffer } from "./apply_operator.ts";
import { RelaxError } from "./error.ts";
import type { Graph } from "./graph.ts";
import { graphKind } from "./kinds.ts";
import { printType } from "./print_graph.ts";
import { updatesOf } from "./updates.ts";
import type { Binding, Call, TensorType, Value } from "./value.ts";
import { storageOf } from "../ir/stored.ts";

/**
 * Checks that a graph is well formed: names are used once, each value is defined before it is used, each program is
 * well formed, and each result has the type that its call gives.
 *
 * @throws {RelaxError} for the first thing that is not
 * @throws {OptionError | TeError | IrError} for a call that can't be typed
 */
export function verifyGraph(g: Graph): void {
  checkArgument("relax.verifyGraph", "g", g, graphKind);
  const names = new Set<string>(), defined = new Set<Value>(), funcs = new Set<PrimFunc>();
  const gone = new Map<Value, string>();
  const define = (v: Value): void => {
    checkName(v.name);
    if (names.has(v.name)) throw new RelaxError(`expected each name once, got ${v.name} twice, in ${g.name}`);
    names.add(v.name);
    defined.add(v);
  };
  const use = (v: Value, where: string): void => {
    const by = gone.get(v);
    if (by !== undefined) {
      throw new RelaxError(
        `expected uses of ${v.name} before ${by} updates it in place, got one in ${where}; use what ${by} returns`,
      );
    }
    if (v.origin.kind === "constant" && !defined.has(v)) define(v);
    if (!defined.has(v)) {
      throw new RelaxError(
        `expected ${v.name} to be defined before it is used, got its use in ${where} first`,
      );
    }
  };
  g.inputs.forEach(define);
  g.weights.forEach(define);
  for (const { call, results } of g.bindings) {
    call.args.forEach((v) => use(v, nameOf(call)));
    if (call.kind === "tir" && !funcs.has(call.func)) {
      verifyFunc(call.func);
      funcs.add(call.func);
    }
    checkTypes({ call, results });
    results.forEach(define);
    for (const { before } of updatesOf({ call, results })) {
      checkUpdated(before, call);
      gone.set(before, nameOf(call));
    }
  }
  const outputs = Object.entries(g.outputs);
  if (outputs.length === 0) throw new RelaxError(`expected at least one output of ${g.name}, got none`);
  const given = new Set([...g.inputs, ...g.weights].map((v) => v.name));
  for (const [name, v] of outputs) {
    checkName(name);
    if (given.has(name)) {
      throw new RelaxError(
        `expected outputs with names of their own, got ${name}, which an input or weight has`,
      );
    }
    use(v, `output ${name}`);
  }
  if (g.transform) checkTransform(g, g.transform);
}

/** A transform takes weights, and makes weights of the graph. */
function checkTransform(g: Graph, transform: Graph): void {
  verifyGraph(transform);
  if (transform.inputs.length > 0 || transform.transform) {
    throw new RelaxError(`expected a transform of weights alone, got one of inputs, in ${g.name}`);
  }
  const own = new Map(g.weights.map((v) => [v.name, v]));
  for (const [name, v] of Object.entries(transform.outputs)) {
    const weight = own.get(name);
    if (weight && equalType(weight.type, v.type)) continue;
    throw new RelaxError(
      `expected the transform of ${g.name} to make its weights, got ${name} of ${
        printType(v.type)
      }, which is none`,
    );
  }
}

/** @throws {RelaxError} for a value that can't be updated in place, and one that the call reads beside it */
function checkUpdated(v: Value, call: Call): void {
  const { kind } = v.origin, where = nameOf(call);
  if (kind === "weight" || kind === "constant") {
    throw new RelaxError(
      `expected an input or a result to update in place, got ${v.name}, a ${kind}, in ${where}; copy it first`,
    );
  }
  if (call.args.filter((x) => x === v).length === 1) return;
  throw new RelaxError(
    `expected ${v.name} once among the arguments of ${where}, which updates it, got it again`,
  );
}

const NAME = /^[A-Za-z_]\w*$/;

/** @throws {RelaxError} for a name that no value may have */
export function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new RelaxError(
    `expected a name of letters, digits and underscores that begins with no digit, got ${shownValue(name)}`,
  );
}

/** The types of a call's results. */
export function typesOf(call: Call): readonly TensorType[] {
  if (call.kind === "tir") return outputsOf(call.func).map(typeOfBuffer);
  const args = call.args.map((v) => placeholderOf(v.name, v));
  return applyOperator(call, args).tensors.map(typeOf);
}

/** Tells whether two types are the same. */
export function equalType(a: TensorType, b: TensorType): boolean {
  return storageOf(a) === storageOf(b) && a.shape.length === b.shape.length &&
    a.shape.every((d, k) => equalExpr(d, b.shape[k] as Expr));
}

function checkTypes({ call, results }: Binding): void {
  const types = typesOf(call), where = nameOf(call);
  if (types.length !== results.length) {
    throw new RelaxError(`expected ${types.length} results of ${where}, got ${results.length}`);
  }
  results.forEach(({ name, type }, k) => {
    const wanted = types[k] as TensorType;
    if (equalType(type, wanted)) return;
    throw new RelaxError(`expected ${name} of ${printType(wanted)}, got ${printType(type)}, from ${where}`);
  });
  if (call.kind === "op") return;
  inputsOf(call.func).forEach((b, k) => {
    const arg = call.args[k];
    if (arg && equalType(arg.type, b)) return;
    const got = arg ? `${arg.name} of ${printType(arg.type)}` : "nothing";
    throw new RelaxError(`expected ${b.name} of ${printType(b)}, got ${got}, in ${where}`);
  });
}

function nameOf(call: Call): string {
  return call.kind === "op" ? call.op : call.func.name;
}
