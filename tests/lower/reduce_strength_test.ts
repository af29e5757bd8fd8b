/** Cheaper divisions of indices: the same quotients and remainders, for every value that the index has. */
import { assert, assertEquals } from "@std/assert";
import { add, buffer, constant, floorDiv, floorMod, mul, store, variable } from "../../lib/ir/build.ts";
import type { Expr } from "../../lib/ir/expr.ts";
import type { KernelDraft } from "../../lib/lower/kernel_draft.ts";
import { reduceStrength } from "../../lib/lower/reduce_strength.ts";
import { targetOf } from "../../lib/target/profiles.ts";

const target = targetOf("generic-webgpu");
const out = buffer("out", [64], "i32");
const thread = variable("thread_x"), THREADS = 32;

/** The value that the kernel stores in place of `value`. */
function reduced(value: Expr): Expr {
  const draft: KernelDraft = {
    name: "draft",
    prepares: false,
    body: store(out, [thread], value),
    shapeVars: [],
    outer: new Set([out]),
    layouts: new Map(),
    threads: new Map([["threadIdx.x", { var: thread, extent: constant(THREADS) }]]),
    sharedGlobals: new Set(),
    atomics: new Set(),
    lanes: new Map(),
    wrapping: new Set(),
    activations: new Set(),
    textures: new Map(),
  };
  const { body } = reduceStrength(draft, target);
  assert(body.kind === "store");
  return body.value;
}

/** The value for one thread: u32 wraps around, and divides as such. */
function valueOf(e: Expr, t: number): number {
  if (e.kind === "const") return e.value;
  if (e.kind === "var") return t;
  if (e.kind === "cast") return e.dtype === "u32" ? valueOf(e.a, t) >>> 0 : valueOf(e.a, t) | 0;
  assert(e.kind === "binary", e.kind);
  const a = valueOf(e.a, t), b = valueOf(e.b, t);
  switch (e.op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "shr":
      return a >> b;
    case "bitand":
      return a & b;
    case "floordiv":
      return Math.floor(a / b);
    case "floormod":
      return a - Math.floor(a / b) * b;
    default:
      throw new Error(`an index with ${e.op}`);
  }
}

Deno.test("quotients and remainders stay, of indices on both sides of zero", () => {
  let unsigned = 0, shifts = 0, kept = 0;
  for (const start of [-40, -16, -1, 0, 1, 5]) {
    for (const step of [-2, 1, 3]) {
      for (const divisor of [1, 2, 3, 4, 5, 7, 8, 12]) {
        const index = add(mul(thread, step), start);
        for (
          const [op, of] of [
            [floorDiv, (x: number) => Math.floor(x / divisor)],
            [floorMod, (x: number) => ((x % divisor) + divisor) % divisor],
          ] as const
        ) {
          const value = reduced(op(index, divisor));
          for (let t = 0; t < THREADS; t++) assertEquals(valueOf(value, t), of(t * step + start));
          if (value.kind === "cast") unsigned++;
          else if (value.kind === "binary" && (value.op === "shr" || value.op === "bitand")) shifts++;
          else kept++;
        }
      }
    }
  }
  assert(unsigned > 20 && shifts > 20 && kept > 20, `${unsigned} unsigned, ${shifts} shifts, ${kept} kept`);
});
