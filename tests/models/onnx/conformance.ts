/**
 * Runs ONNX's own tests of operators: models with inputs and the outputs that are expected, as Debian's libonnx-testdata has
 * them. `deno task onnx:conformance [--webgpu] [--interpret] [--only TEXT] [--folder PATH] [--list]`.
 *
 * A model whose shapes depend on its inputs is read again with some of them as constants: all integers but the first input,
 * all but the first input, all integers, and at last all inputs. Then the interpreter computes the graph when it is built.
 */
import { TunebookError } from "../../../lib/base/error.ts";
import { elementTypeOf } from "../../../lib/models/onnx/element_types.ts";
import { readModel, readTensor } from "../../../lib/models/onnx/read_messages.ts";
import { ProtobufReader } from "../../../lib/models/onnx/protobuf.ts";
import { type OnnxModel, read } from "../../../lib/models/onnx/read.ts";
import { readTensorData, type TensorData } from "../../../lib/models/onnx/tensor_data.ts";
import { stored } from "../../../lib/models/onnx/context.ts";
import { interpretGraph } from "../../../lib/relax/interpret_graph.ts";
import type { TypedArray } from "../../../lib/runtime/arrays.ts";
import { Device } from "../../../lib/runtime/device.ts";
import { buildGraph } from "../../../lib/tuning/build_graph.ts";

const args = [...Deno.args];
const flagOf = (name: string) => args.includes(name);
const valueOf = (name: string) => args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
const folder = valueOf("--folder") ?? "/usr/share/libonnx-testdata/data", only = valueOf("--only") ?? "";

type Bytes = Uint8Array<ArrayBuffer>;

interface Case {
  readonly name: string;
  readonly model: Bytes;
  readonly sets: readonly { readonly inputs: readonly Bytes[]; readonly outputs: readonly Bytes[] }[];
}

function* cases(): Iterable<Case> {
  for (const kind of [...Deno.readDirSync(folder)].map((e) => e.name).toSorted()) {
    for (const name of [...Deno.readDirSync(`${folder}/${kind}`)].map((e) => e.name).toSorted()) {
      const at = `${folder}/${kind}/${name}`;
      if (!name.includes(only) || ![...Deno.readDirSync(at)].some((e) => e.name === "model.onnx")) continue;
      const sets = [...Deno.readDirSync(at)].filter((e) => e.isDirectory).map(({ name: set }) => {
        const files = (prefix: string) => {
          const names = [...Deno.readDirSync(`${at}/${set}`)].map((e) => e.name).filter((f) =>
            f.startsWith(prefix)
          );
          return names.map((_, k) => Deno.readFileSync(`${at}/${set}/${prefix}_${k}.pb`));
        };
        return { inputs: files("input"), outputs: files("output") };
      });
      yield { name: `${kind}/${name}`, model: Deno.readFileSync(`${at}/model.onnx`), sets };
    }
  }
}

function tensor(bytes: Bytes, where: string): TensorData {
  return readTensorData(readTensor(new ProtobufReader(bytes)), where);
}

/** Tells how far outputs are off; undefined where they are right. */
function difference(type: string, got: ArrayLike<number>, wanted: ArrayLike<number>): string | undefined {
  if (got.length !== wanted.length) return `${got.length} elements for ${wanted.length}`;
  const [relative, absolute] = type === "float16" ? [1e-2, 1e-3] : [1e-3, 1e-5];
  let worst = 0, at = -1;
  for (let k = 0; k < wanted.length; k++) {
    const x = got[k] as number, y = wanted[k] as number;
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue;
    const off = Math.abs(x - y) / (absolute + relative * Math.abs(y));
    if (!(off <= worst)) [worst, at] = [off, k];
  }
  return worst > 1 || Number.isNaN(worst) ? `element ${at}: ${got[at]} for ${wanted[at]}` : undefined;
}

type Verdict = { readonly kind: "passed" | "fixed" | "wrong" | "refused"; readonly reason: string };

async function run(
  model: OnnxModel,
  given: ReadonlyMap<string, TensorData>,
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
      if (
        !(e instanceof TunebookError) || !/known at import|at least 1, got/.test(e.message) ||
        k === tries.length - 1
      ) {
        throw e;
      }
    }
  }
  throw new Error("unreachable");
}

async function verdictOf(c: Case): Promise<Verdict> {
  try {
    let fixed = false;
    for (const set of c.sets) {
      const proto = readModel(c.model).graph, initialized = proto?.initializers.map((t) => t.name) ?? [];
      const names = (proto?.inputs ?? []).map((i) => i.name).filter((n) => !initialized.includes(n));
      const odd = proto?.inputs.find((i) => i.kind !== "tensor" || !elementTypeOf(i.type));
      if (odd) read(c.model);
      const given = new Map(set.inputs.map((bytes, k) => [names[k] ?? "", tensor(bytes, `input ${k}`)]));
      const [model, wasFixed] = readFixed(c, given);
      fixed ||= wasFixed;
      const got = await run(model, given);
      for (const [k, bytes] of set.outputs.entries()) {
        const wanted = tensor(bytes, `output ${k}`), out = model.outputs[k];
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

using device = flagOf("--interpret")
  ? undefined
  : await Device.open({ backend: flagOf("--webgpu") ? "webgpu" : "cpu" });
const counts = { passed: 0, fixed: 0, wrong: 0, refused: 0 }, reasons = new Map<string, string[]>();
for (const c of cases()) {
  const { kind, reason } = await verdictOf(c);
  counts[kind]++;
  if (kind === "wrong") console.log(`wrong    ${c.name}: ${reason.slice(0, 600)}`);
  if (flagOf("--list") || (only && kind === "refused")) {
    console.log(`${kind.padEnd(8)} ${c.name}: ${reason.slice(0, 600)}`);
  }
  if (kind !== "refused") continue;
  const short = reason.replace(/ "[^"]*"/g, "").replace(/\d+/g, "#").slice(0, 150);
  reasons.set(short, [...reasons.get(short) ?? [], c.name]);
}
console.log("\nrefused because:");
for (const [reason, names] of [...reasons].toSorted((a, b) => b[1].length - a[1].length)) {
  console.log(`${`${names.length}`.padStart(5)}  ${reason}  (${names[0]})`);
}
const total = Object.values(counts).reduce((a, b) => a + b, 0);
console.log(
  `\n${total} models: ${
    counts.passed + counts.fixed
  } passed (${counts.fixed} of them with constant inputs), ` +
    `${counts.wrong} wrong, ${counts.refused} refused`,
);
