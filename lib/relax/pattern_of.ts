import { equalExpr } from "../ir/equal.ts";
import { isFloat } from "../ir/dtype.ts";
import { isConst } from "../ir/build.ts";
import type { Buffer, Expr, Load, Var } from "../ir/expr.ts";
import type { PrimFunc } from "../ir/func.ts";
import { inputsOf, isInPlace } from "../ir/parameters.ts";
import type { Block, Store } from "../ir/stmt.ts";
import { eachOnce, readsMemory, someExpr, walkExpr, walkStmt } from "../ir/visit.ts";
import { laterKind, type PatternKind } from "./pattern_kind.ts";

/** How a function's results depend on its inputs. */
export interface Pattern {
  /** The kind of the whole function. */
  readonly kind: PatternKind;
  /** The kind of each input's path to the results, by the input's name. */
  readonly inputs: Readonly<Record<string, PatternKind>>;
  /** True if it only moves elements, by views, casts and pads, or decodes them from the bits of words. */
  readonly moves: boolean;
}

const known = new WeakMap<PrimFunc, Pattern>();

/**
 * Tells how a function's results depend on its inputs, from its blocks (after TVM's AnnotateTIROpPattern). A reduction
 * over a product of two tensors is `outEWiseFusable`, and any other is `commReduce`. Two products in a row are
 * `opaque`, and so is a search for elements that equal a value.
 */
export function patternOf(func: PrimFunc): Pattern {
  let pattern = known.get(func);
  if (!pattern) known.set(func, pattern = analyzed(func));
  return pattern;
}

function analyzed(func: PrimFunc): Pattern {
  /** The kinds of the paths from each input to each buffer that is computed so far. */
  const paths = new Map<Buffer, ReadonlyMap<Buffer, PatternKind>>();
  const inputs = inputsOf(func);
  for (const b of inputs) paths.set(b, new Map([[b, "elementWise"]]));
  let products = 0, moves = true, kind: PatternKind = "elementWise";
  walkStmt(func.body, (s) => {
    if (s.kind !== "block") return;
    const { stores, kinds } = blockKinds(s);
    moves &&= stores.every((x) => isMove(x) || isDecoding(x)) && s.iters.every((it) => it.type === "spatial");
    if ([...kinds.values()].includes("outEWiseFusable")) products++;
    for (const k of kinds.values()) kind = laterKind(kind, k);
    const into = new Map<Buffer, PatternKind>();
    for (const [b, k] of kinds) {
      for (const [input, before] of paths.get(b) ?? []) {
        into.set(input, laterKind(into.get(input) ?? "elementWise", laterKind(k, before)));
      }
    }
    for (const { buffer } of stores) paths.set(buffer, into);
  });
  const isOpaque = products > 1;
  if (isOpaque) kind = "opaque";
  const toResults = (b: Buffer): PatternKind =>
    isOpaque || isInPlace(func, b) ? "opaque" : func.params.reduce<PatternKind>((k, out) => {
      return inputs.includes(out) ? k : laterKind(k, paths.get(out)?.get(b) ?? "elementWise");
    }, "elementWise");
  if (func.inPlace.length > 0) moves = false;
  return { kind, inputs: Object.fromEntries(inputs.map((b) => [b.name, toResults(b)])), moves };
}

/** The stores of a block, and the kind of its dependence on each buffer that it reads. */
function blockKinds(
  b: Block,
): { readonly stores: readonly Store[]; readonly kinds: ReadonlyMap<Buffer, PatternKind> } {
  const stores: Store[] = [], loads: Load[] = [];
  const visit = eachOnce((e) => e.kind === "load" && loads.push(e));
  walkStmt(b.body, (s) => {
    if (s.kind !== "store") return;
    stores.push(s);
    [...s.indices, s.value].forEach((e) => walkExpr(e, visit));
  });
  const own = new Set(stores.map((s) => s.buffer));
  const others = loads.filter((l) => !own.has(l.buffer));
  const kinds = new Map<Buffer, PatternKind>();
  const reduces = b.iters.some((it) => it.type === "reduce");
  const [first] = stores;
  for (const l of others) {
    const k = !first || stores.length > 1
      ? "opaque"
      : reduces
      ? (multiplies(first, own) ? "outEWiseFusable" : findsAgain(first, own) ? "opaque" : "commReduce")
      : spatialKind(l, first);
    kinds.set(l.buffer, laterKind(kinds.get(l.buffer) ?? "elementWise", k));
  }
  return { stores, kinds };
}

/** Tells whether a reduction's step multiplies elements of tensors: a product, or a convolution. */
function multiplies(s: Store, own: ReadonlySet<Buffer>): boolean {
  let found = false;
  const reads = (e: Expr): boolean => {
    let is = false;
    walkExpr(e, (x) => is ||= x.kind === "load" && !own.has(x.buffer));
    return is;
  };
  walkExpr(s.value, (e) => {
    if (e.kind === "binary" && e.op === "mul" && !equalExpr(e.a, e.b)) found ||= reads(e.a) && reads(e.b);
    if (e.kind === "call" && e.op === "dot4I8Packed") found = true;
  });
  return found;
}

/**
 * Tells whether a reduction looks for elements that equal a value from before. If the elements were computed again as they are
 * read, they might be rounded otherwise.
 */
function findsAgain(s: Store, own: ReadonlySet<Buffer>): boolean {
  let found = false;
  walkExpr(s.value, (e) => {
    if (e.kind !== "binary" || e.op !== "eq") return;
    const reads = (side: Expr) => someExpr(side, (x) => x.kind === "load" && !own.has(x.buffer));
    found ||= reads(e.a) && reads(e.b);
  });
  return found;
}

/** How an element that is stored depends on the place of one that is read. */
function spatialKind(l: Load, { indices }: Store): PatternKind {
  const places = indices.filter((i): i is Var => i.kind === "var");
  if (places.length === indices.length && l.indices.length === indices.length) {
    if (l.indices.every((i, d) => i === indices[d])) return "elementWise";
  }
  let at = -1;
  const inOrder = l.indices.every((i) => {
    if (isConst(i, 0)) return true;
    const next = i.kind === "var" ? places.indexOf(i) : -1;
    const isLater = next > at;
    at = next;
    return isLater;
  });
  return inOrder ? "broadcast" : "injective";
}

/** Tells whether a store makes a float of some bits of a word, as quantized weights are decoded. */
function isDecoding({ buffer, value }: Store): boolean {
  let isOfBits = false;
  walkExpr(value, (e) => {
    if (e.kind === "binary" && (e.op === "bitand" || e.op === "shr")) isOfBits ||= readsWords(e);
  });
  return isFloat(buffer.dtype) && isOfBits;
}

function readsWords(e: Expr): boolean {
  let reads = false;
  walkExpr(e, (x) => reads ||= x.kind === "load" && x.dtype === "u32");
  return reads;
}

/** Tells whether a store moves an element, cast or padded, and computes nothing. What chooses among tensors reads them all. */
function isMove({ value }: Store): boolean {
  const moved = (e: Expr): boolean => {
    if (e.kind === "load" || e.kind === "const") return true;
    if (e.kind === "cast") return moved(e.a);
    return e.kind === "select" && moved(e.a) && moved(e.b) && [e.a, e.b].filter(readsMemory).length < 2;
  };
  return moved(value);
}
