import { freshName } from "../base/fresh_name.ts";
import { buffer, seq, variable } from "../ir/build.ts";
import type { Buffer, Expr, Var } from "../ir/expr.ts";
import { PrimFunc } from "../ir/func.ts";
import { inputsOf, outputsOf } from "../ir/parameters.ts";
import type { Requirement } from "../ir/requirement.ts";
import { replaceBuffers, substitute, substituteStmt } from "../ir/substitute.ts";
import type { Stmt } from "../ir/stmt.ts";
import { mapStmt } from "../ir/visit.ts";
import { updatesOf } from "./updates.ts";
import type { Binding, TirCall, Value } from "./value.ts";
import { storageOf } from "../ir/stored.ts";

/** Characters of the longest name of a fused function. */
const LONGEST = 100;

/**
 * Merges the calls of some programs into the call of one, whose blocks are theirs, one after the other: Relax's FuseTIR.
 * What only the calls themselves use becomes an intermediate buffer.
 *
 * @param group bindings of programs, in order
 * @param outputs the results that are needed outside of the group, in order; what is updated in place first
 */
export function mergeCalls(group: readonly Binding[], outputs: readonly Value[]): TirCall {
  const calls = group.map((b) => b.call as TirCall);
  const made = new Set(group.flatMap((b) => b.results));
  const args = [...new Set(calls.flatMap((c) => c.args))].filter((v) => !made.has(v));
  /** Names of buffers, and of loops and blocks. */
  const names = new Set<string>(), labels = new Set<string>();
  const buffers = new Map<Value, Buffer>();
  const place = (v: Value, name: string, type = storageOf(v.type)): Buffer => {
    const b = buffer(freshName(stemOf(name), names), v.type.shape, type);
    buffers.set(v, b);
    return b;
  };
  const given = args.map((v, k) => place(v, `p${k}`));
  const updates = group.flatMap(updatesOf);
  for (const { before, after } of updates) buffers.set(after, buffers.get(before) as Buffer);
  const fresh = outputs.filter((v) => !buffers.has(v));
  const params = [...given, ...fresh.map((v, k) => place(v, fresh.length === 1 ? "out" : `out${k}`))];
  const allocs: Buffer[] = [];
  const bodies = group.map(({ call, results }): Stmt => {
    const { func, args } = call as TirCall;
    const by = new Map<Buffer, Buffer>();
    inputsOf(func).forEach((b, k) => by.set(b, buffers.get(args[k] as Value) as Buffer));
    outputsOf(func).forEach((b, k) => {
      const v = results[k] as Value;
      by.set(b, buffers.get(v) ?? kept(place(v, b.name, b.dtype)));
    });
    for (const b of func.allocs) by.set(b, kept({ ...b, name: freshName(stemOf(b.name), names) }));
    return replaceBuffers(renamed(func.body, by, labels), by);
  });
  function kept(b: Buffer): Buffer {
    allocs.push(b);
    return b;
  }
  const shapeVars = new Set(calls.flatMap((c) => c.func.shapeVars));
  const domains = calls.flatMap((c) =>
    inputsOf(c.func).flatMap((b, k) => {
      const domain = c.func.domains[b.name], to = buffers.get(c.args[k] as Value);
      return domain && to && params.includes(to) ? [[to.name, domain] as const] : [];
    })
  );
  const func = new PrimFunc(
    fusedName(calls),
    params,
    [...shapeVars],
    allocs,
    seq(...bodies),
    Object.fromEntries(domains),
    distinct(calls.flatMap((c) => c.func.requires)),
    [],
    updates.map((u) => (buffers.get(u.before) as Buffer).name),
  );
  return { kind: "tir", func, args };
}

/** `fused_linear_gelu`, as Relax names it. */
function fusedName(calls: readonly TirCall[]): string {
  const name = `fused_${calls.map((c) => c.func.name.replace(/^fused_/, "")).join("_")}`;
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 12)}_and_${calls.length}_more`;
}

function distinct(requires: readonly Requirement[]): readonly Requirement[] {
  return [...new Map(requires.map((r) => [JSON.stringify([r.value, r.atMost]), r])).values()];
}

/**
 * Gives loops and blocks names that the function does not have yet. A block that is named after the buffer that it writes is
 * named after what takes its place.
 */
function renamed(s: Stmt, by: ReadonlyMap<Buffer, Buffer>, labels: Set<string>): Stmt {
  const loops = new Map<Var, Expr>();
  const go = (x: Stmt): Stmt => {
    if (x.kind === "for") {
      const v = variable(freshName(stemOf(x.var.name), labels));
      loops.set(x.var, v);
      return { ...x, var: v, extent: substitute(x.extent, loops), body: go(x.body) };
    }
    if (x.kind === "block") {
      const written = x.body.kind === "store" ? x.body.buffer : undefined;
      const name = written?.name === x.name ? by.get(written)?.name ?? x.name : x.name;
      const bindings = x.bindings.map((b) => substitute(b, loops));
      return { ...x, name: freshName(name, labels), bindings, where: substitute(x.where, loops) };
    }
    return x.kind === "store" ? substituteStmt(x, loops) : mapStmt(x, go, (e) => substitute(e, loops));
  };
  return go(s);
}

/** A name without the number that its function gave it. */
function stemOf(name: string): string {
  return name.replace(/_\d+$/, "");
}
