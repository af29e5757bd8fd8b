/** Writes safetensors files for tests. */
import { join } from "node:path";

/** A tensor of a test's file; its elements are rounded to the dtype. */
export interface TestTensor {
  readonly dtype: "F32" | "F16" | "BF16" | "U32";
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Rounds to bf16, ties to even, as its 16 bits. */
export function bf16Bits(x: number): number {
  const bits = new Uint32Array(new Float32Array([x]).buffer)[0] as number;
  return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
}

/** The bytes of a tensor's elements. */
export function elementBytes({ dtype, data }: TestTensor): Uint8Array {
  const list = Array.from(data);
  switch (dtype) {
    case "F32":
      return new Uint8Array(new Float32Array(list).buffer);
    case "F16":
      return new Uint8Array(new Float16Array(list).buffer);
    case "U32":
      return new Uint8Array(new Uint32Array(list).buffer);
    case "BF16":
      return new Uint8Array(new Uint16Array(list.map(bf16Bits)).buffer);
    default:
      return dtype satisfies never;
  }
}

/** The bytes of a file of a header, whatever it is, and data. */
export function fileOf(header: unknown, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + json.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  out.set(data, 8 + json.length);
  return out;
}

/** The bytes of a file of tensors. */
export function safetensorsBytes(tensors: Readonly<Record<string, TestTensor>>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } }, parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, tensor] of Object.entries(tensors)) {
    const bytes = elementBytes(tensor);
    header[name] = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  const data = new Uint8Array(at);
  let to = 0;
  for (const part of parts) {
    data.set(part, to);
    to += part.length;
  }
  return fileOf(header, data);
}

/** Makes a folder for one test, which is removed after it. */
export async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes tensors over `shards` files with an index, or as model.safetensors. */
export async function writeModel(
  folder: string,
  tensors: Readonly<Record<string, TestTensor>>,
  shards = 1,
): Promise<void> {
  if (shards === 1) return await Deno.writeFile(join(folder, "model.safetensors"), safetensorsBytes(tensors));
  const weight_map: Record<string, string> = {}, entries = Object.entries(tensors);
  for (let s = 0; s < shards; s++) {
    const own = entries.filter((_, k) => k % shards === s);
    const file = `model-0000${s + 1}-of-0000${shards}.safetensors`;
    await Deno.writeFile(join(folder, file), safetensorsBytes(Object.fromEntries(own)));
    for (const [name] of own) weight_map[name] = file;
  }
  await Deno.writeTextFile(
    join(folder, "model.safetensors.index.json"),
    JSON.stringify({ metadata: {}, weight_map }),
  );
}
