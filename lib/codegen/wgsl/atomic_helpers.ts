/** Functions of WGSL that update an element which other threads update at the same time. */
import type { ScalarType } from "../../ir/dtype.ts";
import type { CombineOp } from "../../ir/reducer.ts";
import type { Helper } from "./bit_helpers.ts";

/** WGSL's own operations, on integers. */
const OWN: Partial<Record<CombineOp, string>> = { add: "atomicAdd", max: "atomicMax", min: "atomicMin" };

/**
 * Combines an element with a value. Where WGSL has no such operation, it tries until no other thread has changed the element
 * between its load and its store. A float is compared by its bits.
 *
 * @param name the function's name
 * @param buffer the name of the buffer, of atomic words
 */
export function updateHelper(op: CombineOp, dtype: ScalarType, name: string, buffer: string): Helper {
  const own = dtype === "f32" ? undefined : OWN[op];
  const head = `fn ${name}(at: i32, x: ${dtype}) {`;
  if (own) return { name, source: `${head} ${own}(&${buffer}[at], x); }`, calls: [] };
  const old = dtype === "f32" ? "bitcast<f32>(old)" : "old";
  const sum = { add: `${old} + x`, mul: `${old} * x` }[op as "add" | "mul"] ?? `${op}(${old}, x)`;
  return {
    name,
    source: [
      head,
      `  var old = atomicLoad(&${buffer}[at]);`,
      "  loop {",
      `    let now = ${dtype === "f32" ? `bitcast<u32>(${sum})` : sum};`,
      `    let tried = atomicCompareExchangeWeak(&${buffer}[at], old, now);`,
      "    if (tried.exchanged) { break; }",
      "    old = tried.old_value;",
      "  }",
      "}",
    ].join("\n"),
    calls: [],
  };
}
