import type { Graph } from "../graph.ts";
import { GraphRewriter } from "../rewrite_graph.ts";
import { updatedValues } from "../updates.ts";
import { type Form, isOptions, type OpCall, Slot, type Value } from "../value.ts";

/** The option of a product that says that an operand is transposed, by the operand's place. */
const OPTION = ["transposeA", "transposeB"] as const;

/**
 * Has products read transposed operands where they lie.
 *
 *     lv0 = R.permute_dims(w)
 *     lv1 = R.matmul(x, lv0)      →      lv1 = R.matmul(x, w, transposeB=True)
 *
 * A transpose that nothing else uses is left to `deadCode`.
 */
export function fuseTransposeMatmul(g: Graph): Graph {
  const rewriter = new GraphRewriter(g);
  const turned = new Map<Value, Value>(), updated = updatedValues(g);
  for (const { call, results } of g.bindings) {
    const now = rewriter.updated(call);
    if (now.kind === "op" && now.op === "transpose" && !updated.has(now.args[0] as Value)) {
      turned.set(results[0] as Value, now.args[0] as Value);
    }
    rewriter.emit({
      call: now.kind === "op" && now.op === "matmul" ? readTurned(now, turned) : now,
      results,
    });
  }
  return rewriter.finish();
}

function readTurned(call: OpCall, turned: ReadonlyMap<Value, Value>): OpCall {
  const options = call.form[2];
  let { args } = call, next: { readonly [name: string]: Form } = isOptions(options) ? options : {};
  for (const [k, option] of OPTION.entries()) {
    const slot = call.form[k];
    const from = slot instanceof Slot ? turned.get(args[slot.index] as Value) : undefined;
    // A value that the product uses elsewhere too keeps its place.
    const uses = call.form.flatMap(slotsIn).filter((i) => slot instanceof Slot && i === slot.index).length;
    if (!(slot instanceof Slot) || !from || uses !== 1) continue;
    args = args.with(slot.index, from);
    next = { ...next, [option]: next[option] !== true };
  }
  return args === call.args ? call : { ...call, args, form: [call.form[0], call.form[1], next] };
}

function slotsIn(f: Form): readonly number[] {
  if (f instanceof Slot) return [f.index];
  if (isOptions(f)) return Object.values(f).flatMap(slotsIn);
  return Array.isArray(f) ? f.flatMap(slotsIn) : [];
}
