/** Makes programs of tensors. */
import { TOO_DEEP, withinStack } from "../base/within_stack.ts";
import { freshName } from "../base/fresh_name.ts";
import { checkArgument } from "../base/check_options.ts";
import { arrayOf, text } from "../base/option_kinds.ts";
import { binary, block, constant, forLoop, iterVar, load, seq, store, variable } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { PrimFunc } from "../ir/func.ts";
import { indexRequirements } from "../ir/index_requirements.ts";
import { identityOf } from "../ir/reducer.ts";
import type { Stmt } from "../ir/stmt.ts";
import { replaceBuffers, substitute, substituteStmt } from "../ir/substitute.ts";
import { walkExpr, walkStmt } from "../ir/visit.ts";
import { TeError } from "./error.ts";
import { computed, type Definition, type Tensor, tensorKind } from "./tensor.ts";
import { unstored } from "../ir/stored.ts";

/**
 * Makes the program that computes the tensors among `params` that are not inputs, and the tensors that they need. Each
 * computed tensor becomes one loop nest with one block, named after it; tensors of one {@linkcode reduce} share one. They
 * are in the order in which the tensors were made.
 * An intermediate tensor whose name is taken gets a number: `C_1`.
 *
 * @param params the program's parameters: its inputs and its results
 * @throws {OptionError} for an argument of a wrong kind
 * @throws {TeError} if none of `params` is computed
 */
export function primFunc(name: string, params: readonly Tensor[]): PrimFunc {
  checkArgument("te.primFunc", "name", name, text);
  checkArgument("te.primFunc", "params", params, arrayOf(tensorKind));
  return withinStack(
    () => programOf(name, params),
    () => new TeError(`cannot make the program ${name}: ${TOO_DEEP}`),
  );
}

function programOf(name: string, params: readonly Tensor[]): PrimFunc {
  const order: Tensor[] = [];
  const visit = (t: Tensor): void => {
    if (!t.definition || order.includes(t)) return;
    const { value } = t.definition;
    if (value.kind === "update") visit(value.target);
    const together = value.kind === "step" ? value.results.map((b) => computed.get(b) as Tensor) : [t];
    const note = (e: Expr) => {
      const from = e.kind === "load" ? computed.get(e.buffer) : undefined;
      if (from && !together.includes(from)) visit(from);
    };
    walkDefinition(value, note);
    order.push(...together);
  };
  params.forEach(visit);
  order.sort((a, b) => a.age - b.age);
  if (order.length === 0) {
    throw new TeError(
      `expected at least one computed tensor among the parameters of ${name}, got inputs only; ` +
        `add the tensor that the program computes`,
    );
  }
  checkOldReads(name, order);
  // A tensor and what it is updated to are one buffer.
  const updates = order.filter((t) => t.updated !== t);
  const buffers = [...new Set(params.map((t) => t.updated.buffer))];
  const given = new Set(buffers);
  const stored = [...order.filter((t) => t.updated === t).map((t) => t.buffer), ...order.flatMap(copiesOf)];
  const names = new Set(buffers.map((b) => b.name));
  const renamed = new Map<Buffer, Buffer>();
  for (const buffer of stored) {
    if (given.has(buffer)) continue;
    const own = freshName(buffer.name, names);
    // Only a parameter has elements in parts of words.
    if (own !== buffer.name || buffer.stored) renamed.set(buffer, { ...unstored(buffer), name: own });
  }
  const taken = new Set<string>();
  const shapeVars = new Set<Var>();
  for (const t of updates) {
    const { buffer } = t.updated;
    renamed.set(t.buffer, renamed.get(buffer) ?? buffer);
  }
  const blocks = new Set<string>();
  const nests = order.filter(isFirst).map((t) =>
    nestOf(t, freshName(renamed.get(t.buffer)?.name ?? t.name, blocks), taken)
  );
  for (const t of params) {
    for (const d of t.shape) {
      walkExpr(d, (e) => e.kind === "var" && shapeVars.add(e));
    }
  }
  const allocs = stored.filter((b) => !given.has(b)).map((b) => renamed.get(b) ?? b);
  const nest = seq(...nests), body = renamed.size > 0 ? replaceBuffers(nest, renamed) : nest;
  const inPlace = updates.map((t) => t.updated).filter((t) => !t.definition).map((t) => t.name);
  return new PrimFunc(
    name,
    buffers,
    [...shapeVars],
    allocs,
    body,
    Object.fromEntries(params.flatMap(({ updated: { name, domain } }) => domain ? [[name, domain]] : [])),
    [...order.flatMap((t) => t.requires), ...indexRequirements([...buffers, ...allocs], body)],
    [],
    [...new Set(inPlace)],
  );
}

/** @throws {TeError} for a tensor that is updated and then read as it was before */
function checkOldReads(name: string, order: readonly Tensor[]): void {
  const updatedAt = new Map<Buffer, Tensor>();
  for (const t of order) {
    const value = t.definition?.value;
    if (value?.kind === "update") {
      const before = updatedAt.get(value.target.buffer);
      if (before) throw new TeError(oldRead(value.target.name, name));
      updatedAt.set(value.target.buffer, t);
    }
    const note = (e: Expr) => {
      const now = e.kind === "load" ? updatedAt.get(e.buffer) : undefined;
      if (now && now !== t) throw new TeError(oldRead(now.name, name));
    };
    if (value) walkDefinition(value, note);
  }
}

function oldRead(tensor: string, name: string): string {
  return `expected reads of ${tensor} before its update, got one of its old values after it, in the program ${name}; ` +
    `read what te.update returns, or compute it before`;
}

/** Walks the expressions of a tensor's definition. */
function walkDefinition(value: Definition["value"], note: (e: Expr) => void): void {
  if (value.kind === "step") walkStmt(value.update, () => {}, note);
  else if (value.kind === "update") [...value.indices, value.element].forEach((e) => walkExpr(e, note));
  else walkExpr(value.kind === "reduction" ? value.value : value, note);
}

function nestOf(t: Tensor, name: string, taken: Set<string>): Stmt {
  const { axes, value } = t.definition as Definition;
  const reduce = value.kind === "reduction" || value.kind === "step" ? value.axes : [];
  const extentsOf = value.kind === "update" ? value.extents : t.shape;
  const all = [
    ...axes.map((v, d) => ({
      v,
      extent: extentsOf[d] as Expr,
      // Several positions of other axes may be combined to one element.
      type: value.kind === "update" && value.combine && !value.indices.includes(v)
        ? "reduce" as const
        : "spatial" as const,
    })),
    ...reduce.map((a) => ({ v: a.var, extent: a.extent, type: "reduce" as const })),
  ];
  const iters = all.map((a) => iterVar(variable(`v${a.v.name}`), a.extent, a.type));
  const loops = all.map((a) => variable(freshName(a.v.name, taken)));
  const at = new Map<Var, Expr>(all.map((a, k) => [a.v, (iters[k] as typeof iters[number]).var]));
  const indices = axes.map((v) => at.get(v) as Expr);
  const body = () => {
    switch (value.kind) {
      case "step":
        return block(name, iters, loops, substituteStmt(value.update, at), {
          init: substituteStmt(value.init, at),
        });
      case "update": {
        const where = value.indices.map((i) => substitute(i, at));
        const element = substitute(value.element, at);
        const now = value.combine ? binary(value.combine, load(t.buffer, ...where), element) : element;
        return block(name, iters, loops, store(t.buffer, where, now));
      }
      case "reduction": {
        const { dtype } = t, element = substitute(value.value, at), self = load(t.buffer, ...indices);
        return block(name, iters, loops, store(t.buffer, indices, binary(value.op, self, element)), {
          init: store(t.buffer, indices, constant(value.from ?? identityOf(value.op, dtype).value, dtype)),
        });
      }
      default:
        return block(name, iters, loops, store(t.buffer, indices, substitute(value, at)));
    }
  };
  return loops.reduceRight<Stmt>((s, v, k) => forLoop(v, (all[k] as typeof all[number]).extent, s), body());
}

/** Whether the nest of a tensor is its own: tensors that are computed together have one. */
function isFirst({ buffer, definition }: Tensor): boolean {
  return definition?.value.kind !== "step" || definition.value.results[0] === buffer;
}

/** The tensors that keep what a result of a tensor's nest was before. */
function copiesOf(t: Tensor): readonly Buffer[] {
  const value = t.definition?.value;
  return value?.kind === "step" && isFirst(t) ? value.copies : [];
}
