import type { Buffer, Expr, Var } from "./expr.ts";

const ids = new WeakMap<Var | Buffer, number>();
let next = 0;
const keys = new WeakMap<Expr, string>();

/** A small number that stands for the identity of a variable or buffer in this process. */
export function idOf(x: Var | Buffer): number {
  let id = ids.get(x);
  if (id === undefined) ids.set(x, id = next++);
  return id;
}

/** Text that two expressions share exactly if they are the same in structure, over the same variables and buffers. */
export function keyOf(e: Expr): string {
  if (e.kind === "const") return `${Object.is(e.value, -0) ? "-0" : e.value}${e.dtype}`;
  let key = keys.get(e);
  if (key === undefined) keys.set(e, key = build(e));
  return key;
}

function build(e: Exclude<Expr, { kind: "const" }>): string {
  switch (e.kind) {
    case "var":
      return `v${idOf(e)}`;
    case "binary":
      return `${e.op}(${keyOf(e.a)},${keyOf(e.b)})`;
    case "not":
      return `not(${keyOf(e.a)})`;
    case "select":
      return `select(${keyOf(e.cond)},${keyOf(e.a)},${keyOf(e.b)})`;
    case "cast":
      return `${e.dtype}(${keyOf(e.a)})`;
    case "call":
      return `${e.op}(${e.args.map(keyOf).join()})`;
    case "load":
      return `b${idOf(e.buffer)}[${e.indices.map(keyOf).join()}]`;
    case "ramp":
      return `ramp(${keyOf(e.base)},${e.stride},${e.dtype})`;
    case "broadcast":
      return `${e.dtype}(${keyOf(e.a)})`;
    case "shuffle":
      return `shuffle(${e.lanes.map(keyOf).join()})`;
    default:
      return e satisfies never;
  }
}
