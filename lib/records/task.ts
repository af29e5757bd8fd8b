/** The task of a record: the program in one line, with the values of its shape variables. */
import type { PrimFunc } from "../ir/func.ts";
import type { Shapes } from "../ir/shapes.ts";
import { signature } from "../ir/signature.ts";

/** Writes a program in one line, with the values of its shape variables. */
export function taskOf(func: PrimFunc, shapes: Shapes): string {
  const values = Object.entries(shapes).map(([name, value]) => `${name} = ${value}`);
  return signature(func) + (values.length > 0 ? ` with ${values.join(", ")}` : "");
}

/** Reads the values of the shape variables of `func` from a task; undefined if it is not a task of that program. */
export function shapesOf(func: PrimFunc, task: string): Shapes | undefined {
  const values = new Map<string, number>();
  const own = signature(func);
  if (!task.startsWith(own)) return undefined;
  let rest = task.slice(own.length);
  while (values.size < func.shapeVars.length) {
    const begin = values.size === 0 ? " with " : ", ";
    const name = func.shapeVars.map((v) => v.name).find((n) =>
      !values.has(n) && rest.startsWith(`${begin}${n} = `)
    );
    if (name === undefined) return undefined;
    rest = rest.slice(`${begin}${name} = `.length);
    const [digits = ""] = /^\d{0,15}/.exec(rest) ?? [];
    const value = Number(digits);
    if (!(value > 0)) return undefined;
    values.set(name, value);
    rest = rest.slice(digits.length);
  }
  return rest === "" ? Object.fromEntries(values) : undefined;
}
