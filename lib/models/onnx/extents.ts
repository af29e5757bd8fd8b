/** The extents of inputs, as options fix or name them. */
import { nearest } from "../../base/nearest.ts";
import { printable } from "../../base/printable.ts";
import { OnnxError } from "./error.ts";
import type { ValueInfoProto } from "./messages.ts";

/** An extent: a number, or the name of a shape variable. */
export type Extent = number | string;
/** Extents by the names of dimensions, and lists of them by the names of inputs. */
export type ExtentOptions = Readonly<Record<string, Extent | readonly Extent[]>>;

const NAME = /^[A-Za-z]\w{0,49}$/;

/** Tells whether a value is an extent. */
export function isExtent(x: unknown): x is Extent {
  return typeof x === "string" ? NAME.test(x) : Number.isSafeInteger(x) && (x as number) > 0;
}

/** Gives the extents of an input, with those that options fix or name; the others are shape variables. */
export function extentsOf(info: ValueInfoProto, shapes: ExtentOptions, where: string): readonly Extent[] {
  const own = Object.hasOwn(shapes, info.name) ? shapes[info.name] : undefined;
  if (Array.isArray(own)) {
    const list = own as readonly Extent[];
    if (info.dims && info.dims.length !== list.length) {
      throw new OnnxError(`expected ${info.dims.length} extents, got [${list.join(", ")}], in ${where}`);
    }
    return list;
  }
  if (!info.dims) throw new OnnxError(`expected a shape, got none, in ${where}; give one in shapes`);
  if (info.dims.length > 16) {
    throw new OnnxError(`expected up to 16 dimensions, got ${info.dims.length}, in ${where}`);
  }
  return info.dims.map((d, k) => {
    if (typeof d === "number" && d >= 0) return d;
    const names = namesOf(info, k), given = names.find((name) => Object.hasOwn(shapes, name));
    const chosen = given === undefined ? undefined : shapes[given];
    return typeof chosen === "number" || typeof chosen === "string" ? chosen : names.at(-1) as string;
  });
}

/** The names of an open dimension: that in the model, if it has one, and that of its shape variable. */
function namesOf(info: ValueInfoProto, k: number): readonly string[] {
  const d = info.dims?.[k];
  return typeof d === "string" ? [d, variableName(d)] : [variableName(`${info.name}_${k}`)];
}

/**
 * Checks that options name inputs, and dimensions of them.
 *
 * @throws {OnnxError} for another name, with the nearest
 */
export function checkNames(inputs: readonly ValueInfoProto[], shapes: ExtentOptions): void {
  const open = inputs.flatMap((info) =>
    (info.dims ?? []).slice(0, 16).flatMap((d, k) => typeof d === "number" && d >= 0 ? [] : namesOf(info, k))
  );
  for (const [name, given] of Object.entries(shapes)) {
    const known = Array.isArray(given) ? inputs.map((info) => info.name) : open;
    if (known.includes(name)) continue;
    const what = Array.isArray(given) ? "an input" : "a dimension", near = nearest(name, known);
    const list = [...new Set(known)].slice(0, 20).map((n) => printable(n, 100)).join(", ") || "none";
    throw new OnnxError(
      `expected ${what} of the model in shapes (${list}), got ${printable(name, 100)}${
        near === undefined ? "" : `; did you mean ${printable(near, 100)}?`
      }`,
    );
  }
}

/** Makes the name of a shape variable of a dimension's name. */
function variableName(name: string): string {
  const letters = name.slice(0, 50).replace(/\W/g, "_");
  return /^[A-Za-z]/.test(letters) ? letters : `d${letters}`;
}
