/** Graphs as text, in the manner of Relax's script. */
import type { StorageType } from "../ir/dtype.ts";
import { storageOf } from "../ir/stored.ts";
import { printExpr } from "../ir/print.ts";
import { OPERATORS } from "./operators.ts";
import { updatesOf } from "./updates.ts";
import {
  type Binding,
  Extent,
  type Form,
  type GraphData,
  isOptions,
  Slot,
  type TensorType,
  type Value,
} from "./value.ts";

const DTYPE: Readonly<Record<StorageType, string>> = {
  f32: "float32",
  f16: "float16",
  i32: "int32",
  u32: "uint32",
  bool: "bool",
  i8: "int8",
  u8: "uint8",
  bf16: "bfloat16",
};
const INDENT = "    ";

/** Writes the dtype and the extents of a tensor, as errors and charts have them: `f32[n, 4]`. */
export function shortType(type: TensorType): string {
  return `${storageOf(type)}[${type.shape.map((d) => printExpr(d)).join(", ")}]`;
}

/**
 * Writes a type: `R.Tensor((n, 64), dtype="float32")`. In a signature, symbolic extents are quoted, as they are not defined
 * yet.
 */
export function printType(type: TensorType, quoted = false): string {
  const extents = type.shape.map((d) => quoted && d.kind !== "const" ? `"${printExpr(d)}"` : printExpr(d));
  return `R.Tensor((${extents.join(", ")}${extents.length === 1 ? "," : ""}), dtype="${
    DTYPE[storageOf(type)]
  }")`;
}

/** Writes a graph. Constants are written by name and type. */
export function printGraph(g: GraphData): string {
  const params = [...g.inputs, ...g.weights].map((v) => `${v.name}: ${printType(v.type, true)}`);
  const outputs = Object.entries(g.outputs);
  const types = outputs.map(([, v]) => printType(v.type, true));
  const constants = new Set(
    [...g.bindings.flatMap((b) => b.call.args), ...outputs.map(([, v]) => v)]
      .filter((v) => v.origin.kind === "constant"),
  );
  const lines = [
    ...(g.transform ? [printGraph(g.transform), ""] : []),
    "@R.function",
    `def ${g.name}(${params.join(", ")}) -> ${
      types.length === 1 ? types[0] : `R.Tuple(${types.join(", ")})`
    }:`,
    ...g.shapeVars.map((v) => `${INDENT}${v.name} = T.int64()`),
    `${INDENT}R.func_attr({"num_input": ${g.inputs.length}})`,
    ...constants.values().map((v) =>
      `${INDENT}${v.name}: ${printType(v.type)} = metadata["relax.expr.Constant"]`
    ),
    `${INDENT}with R.dataflow():`,
    ...g.bindings.map((b) => `${INDENT}${INDENT}${printBinding(b)}`),
    `${INDENT}${INDENT}R.output(${outputs.map(([, v]) => v.name).join(", ")})`,
    `${INDENT}return ${
      outputs.length === 1
        ? outputs[0]?.[1].name
        : `(${outputs.map(([name, v]) => `${name}=${v.name}`).join(", ")})`
    }`,
  ];
  return lines.join("\n");
}

/** Writes a call with its results: `lv0: R.Tensor(…) = R.nn.gelu(x)`. */
export function printBinding({ call, results }: Binding): string {
  const types = results.map((v) => printType(v.type));
  const left = results.length === 1
    ? `${results[0]?.name}: ${types[0]}`
    : `${results.map((v) => v.name).join(", ")}`;
  if (call.kind === "tir") {
    const args = call.args.map((v) => v.name);
    const list = `(${args.join(", ")}${args.length === 1 ? "," : ""})`;
    const out = types.length === 1 ? types[0] : `[${types.join(", ")}]`;
    const updated = updatesOf({ call, results });
    if (updated.length > 0) {
      const places = results.map((v) => {
        const before = updated.find((u) => u.after === v)?.before;
        return before ? call.args.indexOf(before) : -1;
      });
      return `${left} = R.call_tir_inplace(${call.func.name}, ${list}, inplace_indices=[${
        places.join(", ")
      }], ` +
        `out_sinfo=${out})`;
    }
    return `${left} = R.call_tir(${call.func.name}, ${list}, out_sinfo=${out})`;
  }
  const args = call.form.flatMap((f) => printArgument(f, call.args));
  return `${left} = ${OPERATORS[call.op].relax}(${args.join(", ")})`;
}

/** An operator's argument; options become keywords, in Python's spelling. */
function printArgument(f: Form, args: readonly Value[]): readonly string[] {
  if (isOptions(f)) {
    return Object.entries(f).flatMap(([name, x]) => x === undefined ? [] : [`${name}=${printForm(x, args)}`]);
  }
  return f === undefined ? [] : [printForm(f, args)];
}

function printForm(f: Form, args: readonly Value[]): string {
  if (f instanceof Slot) return args[f.index]?.name ?? "?";
  if (f instanceof Extent) return printExpr(f.expr);
  if (isOptions(f)) {
    return `{${Object.entries(f).map(([name, x]) => `"${name}": ${printForm(x, args)}`).join(", ")}}`;
  }
  if (Array.isArray(f)) return `[${f.map((x: Form) => printForm(x, args)).join(", ")}]`;
  if (typeof f === "boolean") return f ? "True" : "False";
  return f === null || f === undefined ? "None" : JSON.stringify(f);
}
