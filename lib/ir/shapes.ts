import { ownValue } from "../base/own_value.ts";
import { IrError } from "./error.ts";
import type { Expr, Var } from "./expr.ts";
import type { PrimFunc } from "./func.ts";
import { evaluate, exprToJson } from "./json.ts";
import { inputsOf } from "./parameters.ts";
import { brokenRequirement } from "./requirement.ts";
import { usesVar } from "./visit.ts";

/** Values of shape variables, by name. */
export type Shapes = Readonly<Record<string, number>>;

/** The values of some shape variables. */
export function pickShapes(shapes: Shapes, names: readonly string[]): Shapes {
  return Object.fromEntries(Object.entries(shapes).filter(([name]) => names.includes(name)));
}

/**
 * A value for every shape variable of `f`: as `given`, or else so that an input of that `length` fits,
 * where the variable is itself a dimension and the input's other dimensions are known.
 *
 * @throws {IrError} for a variable that follows from neither, or that is not a positive integer, and for values that
 * break one of the program's requirements
 */
export function solveShapes(
  f: PrimFunc,
  length: (input: string) => number | undefined,
  given: Shapes = {},
): Shapes {
  const names = f.shapeVars.map((v) => v.name);
  const strange = Object.keys(given).find((name) => !names.includes(name));
  if (strange !== undefined) {
    const known = names.join(", ") || "none";
    throw new IrError(`cannot give ${f.name} a shape ${strange}: its shape variables are ${known}`);
  }
  const found: Record<string, number> = {};
  const open = new Set<Var>();
  for (const v of f.shapeVars) {
    const value = ownValue(given, v.name);
    if (value === undefined) open.add(v);
    else found[v.name] = value;
  }
  const isOpen = (e: Expr) => usesVar(e, (v) => open.has(v));
  for (let before = -1; open.size > 0 && open.size !== before;) {
    before = open.size;
    for (const b of inputsOf(f)) {
      const elements = length(b.name);
      const unknown = b.shape.filter(isOpen);
      const v = unknown[0];
      if (elements === undefined || unknown.length !== 1 || v?.kind !== "var") continue;
      found[v.name] = elements / countElements(b.shape.filter((d) => d !== v), found);
      open.delete(v);
    }
  }
  for (const v of open) {
    throw new IrError(
      `cannot tell ${v.name} of ${f.name} from its inputs' lengths: give shapes { ${v.name}: … }`,
    );
  }
  for (const [name, value] of Object.entries(found)) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw new IrError(`${f.name} with ${name} = ${value}: shape variables are positive integers`);
  }
  const broken = brokenRequirement(f.requires, found);
  if (broken !== undefined) throw new IrError(`${broken}, in ${f.name}`);
  return found;
}

/** The product of dimensions where the shape variables have values. */
export function countElements(shape: readonly Expr[], shapes: Shapes): number {
  return shape.reduce((n, d) => n * evaluate(exprToJson(d), shapes), 1);
}
