import { fallback } from "../dlight/fallback/fallback.ts";
import type { Graph } from "../relax/graph.ts";
import type { Value } from "../relax/value.ts";
import type { Inputs } from "../runtime/arguments.ts";
import { Device } from "../runtime/device.ts";
import { DeviceTensor } from "../runtime/device_tensor.ts";
import { compileGraph } from "./compile_graph.ts";

/**
 * Computes the weights that a graph after the passes takes, of those that it is given, and adds its constants. The work is
 * done on the CPU; weights that are tensors of a device and needed for it are read back.
 */
export async function transformWeights(g: Graph, given: Inputs): Promise<Inputs> {
  const made = g.transform ? await runOnce(g.transform, given) : {};
  return { ...pick(g.weights, { ...given, ...made }), ...constantsOf(g) };
}

async function runOnce(transform: Graph, given: Inputs): Promise<Inputs> {
  using cpu = await Device.open({ backend: "cpu" });
  const { graph, executable } = compileGraph(transform, cpu.target, { among: [fallback] });
  using program = await cpu.load(executable);
  return await program.run({ ...await arraysOf(pick(graph.weights, given)), ...constantsOf(graph) });
}

/** Tensors of a device as arrays. */
async function arraysOf(given: Inputs): Promise<Inputs> {
  const entries = Object.entries(given).map(async ([name, x]) =>
    [name, x instanceof DeviceTensor ? await x.read() : x] as const
  );
  return Object.fromEntries(await Promise.all(entries));
}

function pick(values: readonly Value[], from: Inputs): Inputs {
  return Object.fromEntries(values.map(({ name }) => [name, from[name]])) as Inputs;
}

function constantsOf(g: Graph): Inputs {
  return Object.fromEntries(
    g.constants.flatMap((v) => v.origin.kind === "constant" ? [[v.name, v.origin.data]] : []),
  ) as Inputs;
}
