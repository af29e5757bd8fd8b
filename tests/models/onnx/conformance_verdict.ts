/** What becomes of a model of ONNX's own tests here: it passes, is refused, or is wrong. */
import { TunebookError } from "../../../lib/base/error.ts";
import { stored } from "../../../lib/models/onnx/context.ts";
import { elementTypeOf } from "../../../lib/models/onnx/element_types.ts";
import { type OnnxModel, read } from "../../../lib/models/onnx/read.ts";
import { readModel } from "../../../lib/models/onnx/read_messages.ts";
import type { TensorData } from "../../../lib/models/onnx/tensor_data.ts";
import { interpretGraph } from "../../../lib/relax/interpret_graph.ts";
import type { TypedArray } from "../../../lib/runtime/arrays.ts";
import type { Device } from "../../../lib/runtime/device.ts";
import { buildGraph } from "../../../lib/tuning/build_graph.ts";
import { type Case, difference, inputNamesOf, tensorOf } from "./conformance_cases.ts";

/** `fixed` has passed, with some of its inputs as constants. */
export interface Verdict {
  readonly kind: "passed" | "fixed" | "wrong" | "refused";
  readonly reason: string;
}

/** Runs a model on a device, or by the interpreter. */
export async function verdictOf(c: Case, device: Device | undefined): Promise<Verdict> {
  try {
    let fixed = false;
    const names = inputNamesOf(c.model);
    for (const set of c.sets) {
      const odd = readModel(c.model).graph?.inputs.find((i) => i.kind !== "tensor" || !elementTypeOf(i.type));
      if (odd) read(c.model);
      const given = new Map(set.inputs.map((bytes, k) => [names[k] ?? "", tensorOf(bytes, `input ${k}`)]));
      const [model, wasFixed] = readFixed(c, given);
      fixed ||= wasFixed;
      const got = await run(model, given, device);
      for (const [k, bytes] of set.outputs.entries()) {
        const wanted = tensorOf(bytes, `output ${k}`), out = model.outputs[k];
        if (!out) continue;
        const dims = out.shape.join();
        if (wanted.dims.join() !== dims) {
          return { kind: "wrong", reason: `shape [${dims}] for [${wanted.dims}]` };
        }
        if (wanted.type !== out.type) return { kind: "wrong", reason: `type ${out.type} for ${wanted.type}` };
        const off = difference(wanted.type, got[out.as] ?? [], wanted.elements);
        if (off) return { kind: "wrong", reason: off };
      }
    }
    return { kind: fixed ? "fixed" : "passed", reason: "" };
  } catch (e) {
    if (e instanceof TunebookError) return { kind: "refused", reason: e.message };
    return { kind: "wrong", reason: `threw ${e instanceof Error ? e.stack : e}` };
  }
}

async function run(
  model: OnnxModel,
  given: ReadonlyMap<string, TensorData>,
  device: Device | undefined,
): Promise<Record<string, ArrayLike<number>>> {
  const inputs = Object.fromEntries(model.inputs.map(({ name, as, type }) => {
    const data = given.get(name);
    if (!data) throw new TunebookError(`expected data for input ${name}`);
    const { elements } = data;
    // The data files have no bfloat16: they hold its bits as uint16.
    const bits = type === "bfloat16" && data.type === "uint16";
    const numbers = bits ? new Float32Array(Uint32Array.from(elements, (x) => x << 16).buffer) : elements;
    return [as, stored(type, numbers, `input ${name}`)];
  }));
  if (!device) return interpretGraph(model.graph, { ...model.weights, ...inputs });
  using program = await buildGraph(model.graph, device, { weights: model.weights });
  return await program.run(inputs as Record<string, TypedArray>);
}

/**
 * Reads a model. Where its shapes depend on its inputs, it is read again with some of them as constants: all integers but the
 * first input, all but the first input, all integers, and at last all inputs.
 */
function readFixed(c: Case, given: ReadonlyMap<string, TensorData>): readonly [OnnxModel, boolean] {
  const isInteger = ({ type }: TensorData) => type.includes("int") || type === "bool";
  const rest = (k: number) => k > 0;
  const ways: readonly ((t: TensorData, k: number) => boolean)[] = [
    () => false,
    (t, k) => rest(k) && isInteger(t),
    (_, k) => rest(k),
    isInteger,
    () => true,
  ];
  const tries = ways.map((fixes) =>
    Object.fromEntries([...given].filter(([, t], k) => fixes(t, k)).map(([name, t]) => [name, t.elements]))
  );
  for (const [k, constants] of tries.entries()) {
    try {
      return [read(c.model, { constants }), k > 0];
    } catch (e) {
      const asks = e instanceof TunebookError && /known at import|at least 1, got/.test(e.message);
      if (!asks || k === tries.length - 1) throw e;
    }
  }
  throw new Error("unreachable");
}
