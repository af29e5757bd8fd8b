/** ONNX's own tests of operators: models with inputs and the outputs that are expected, as Debian's libonnx-testdata has them. */
import { readModel, readTensor } from "../../../lib/models/onnx/read_messages.ts";
import { ProtobufReader } from "../../../lib/models/onnx/protobuf.ts";
import { readTensorData, type TensorData } from "../../../lib/models/onnx/tensor_data.ts";

/** Where Debian puts them. */
export const FOLDER = "/usr/share/libonnx-testdata/data";

/** The bytes of a file. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A model with its data. */
export interface Case {
  readonly name: string;
  readonly model: Bytes;
  /** Inputs in the order of the model's inputs, and outputs of its outputs. */
  readonly sets: readonly { readonly inputs: readonly Bytes[]; readonly outputs: readonly Bytes[] }[];
}

/** Reads all models of a folder whose names have a text in them, in the order of their names. */
export function* casesOf(folder = FOLDER, only = ""): Iterable<Case> {
  for (const kind of namesIn(folder)) {
    for (const name of namesIn(`${folder}/${kind}`)) {
      const at = `${folder}/${kind}/${name}`;
      if (!`${kind}/${name}`.includes(only) || !namesIn(at).includes("model.onnx")) continue;
      const sets = namesIn(at).filter((set) => Deno.statSync(`${at}/${set}`).isDirectory).map((set) => {
        const files = (prefix: string) =>
          namesIn(`${at}/${set}`).filter((f) => f.startsWith(prefix)).map((_, k) =>
            Deno.readFileSync(`${at}/${set}/${prefix}_${k}.pb`)
          );
        return { inputs: files("input"), outputs: files("output") };
      });
      yield { name: `${kind}/${name}`, model: Deno.readFileSync(`${at}/model.onnx`), sets };
    }
  }
}

function namesIn(folder: string): readonly string[] {
  return [...Deno.readDirSync(folder)].map((e) => e.name).toSorted();
}

/**
 * A sample of models that has each operator: each model with an operator that those before it haven't, and each twelfth.
 */
export function sampleOf(cases: Iterable<Case>): readonly Case[] {
  const seen = new Set<string>();
  return [...cases].filter(({ model }, k) => {
    const operators = readModel(model).graph?.nodes.map((n) => `${n.domain}.${n.op}`) ?? [];
    const isNew = operators.some((op) => !seen.has(op));
    for (const op of operators) seen.add(op);
    return isNew || k % 12 === 0;
  });
}

/** The names of the inputs that a run is given, in order. */
export function inputNamesOf(model: Bytes): readonly string[] {
  const proto = readModel(model).graph, initialized = proto?.initializers.map((t) => t.name) ?? [];
  return (proto?.inputs ?? []).map((i) => i.name).filter((n) => !initialized.includes(n));
}

/** Reads the data of a tensor. */
export function tensorOf(bytes: Bytes, where: string): TensorData {
  return readTensorData(readTensor(new ProtobufReader(bytes)), where);
}

/** Tells how far outputs are off; undefined where they are right. */
export function difference(
  type: string,
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
): string | undefined {
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
