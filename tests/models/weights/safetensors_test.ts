/** Weights in Hugging Face's form: what is read, by rows and over files, and what is refused. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { ModelError } from "../../../lib/models/error.ts";
import { openWeights } from "../../../lib/models/weights/open_weights.ts";
import { dataTest } from "../../data.ts";
import {
  bf16Bits,
  fileOf,
  inFolder,
  safetensorsBytes,
  type TestTensor,
  writeModel,
} from "../write_safetensors.ts";

const values = [1, -2.5, 3.140625, 65504, -6e-8, 0.1];
const tensors: Readonly<Record<string, TestTensor>> = {
  "a.weight": { dtype: "F32", shape: [3, 2], data: values },
  "b.weight": { dtype: "F16", shape: [2, 3], data: values },
  "c.weight": { dtype: "BF16", shape: [6, 1], data: values },
  "d.q": { dtype: "U32", shape: [1, 2], data: [1, 4294967295] },
  __proto__x: { dtype: "F32", shape: [1], data: [7] },
};

for (const shards of [1, 3]) {
  Deno.test(`tensors are read whole and by rows, from ${shards} files`, () =>
    inFolder(async (folder) => {
      await writeModel(folder, tensors, shards);
      const source = await openWeights(folder);
      assertEquals([...source.tensors.keys()].toSorted(), Object.keys(tensors).toSorted());
      assertEquals(source.bytes, 24 + 12 + 12 + 8 + 4);
      assertEquals(await source.read("a.weight"), new Float32Array(values));
      assertEquals(await source.read("a.weight", { rows: [1, 2] }), new Float32Array(values.slice(2, 4)));
      assertEquals(await source.read("b.weight", { rows: [1, 2] }), new Float16Array(values.slice(3)));
      const wide = new Float32Array(new Uint32Array(values.map((x) => bf16Bits(x) << 16)).buffer);
      assertEquals(await source.read("c.weight"), wide);
      assertEquals(await source.read("d.q"), new Uint32Array([1, 4294967295]));
      assertEquals(source.tensors.get("c.weight"), {
        shape: [6, 1],
        stored: "bf16",
        dtype: "f32",
        bytes: 12,
      });
      for (const rows of [[-1, 2], [0, 4], [2, 1], [0.5, 1]] as const) {
        await assertRejects(() => source.read("a.weight", { rows }), ModelError, "rows within 0 to 3");
      }
    }));
}

async function refused(folder: string): Promise<string> {
  return (await assertRejects(() => openWeights(folder), ModelError)).message;
}

Deno.test("a header that is none is refused, with the file and the tensor", () =>
  inFolder(async (folder) => {
    const path = join(folder, "model.safetensors");
    const header = (entry: unknown) => fileOf({ w: entry }, new Uint8Array(16));
    const wrong: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(3), "expected a safetensors header, got 3 bytes"],
      [new Uint8Array(8).fill(255), "expected a header of up to 0 bytes"],
      [fileOf("{", new Uint8Array()), "expected JSON in UTF-8"],
      [fileOf([1], new Uint8Array()), "expected an object of tensors as the header, got [1]"],
      [header(null), "expected tensor w with a dtype"],
      [header({ dtype: "F32", shape: [4], data_offsets: [0, 17] }), "offsets 0 to 17"],
      [header({ dtype: "F32", shape: [4], data_offsets: [16, 0] }), "offsets 16 to 0"],
      [
        header({ dtype: "F32", shape: [5], data_offsets: [0, 16] }),
        "expected 20 bytes of tensor w F32[5], got 16",
      ],
      [header({ dtype: "F32", shape: [2 ** 50, 2 ** 50], data_offsets: [0, 16] }), "got 16"],
      [header({ dtype: "F32", shape: [-4], data_offsets: [0, 16] }), "expected tensor w with a dtype"],
    ];
    for (const [bytes, message] of wrong) {
      await Deno.writeFile(path, bytes);
      const got = await refused(folder);
      assertStringIncludes(got, message);
      assertStringIncludes(got, path);
    }
  }));

Deno.test("a missing tensor and one of another type are named", () =>
  inFolder(async (folder) => {
    const eight = { dtype: "F8_E4M3", shape: [4], data_offsets: [0, 4] };
    await Deno.writeFile(join(folder, "model.safetensors"), fileOf({ "x.weight": eight }, new Uint8Array(4)));
    const source = await openWeights(folder);
    const wrong = await assertRejects(() => source.read("x.weight"), ModelError);
    assertEquals(wrong.message, `expected tensor x.weight in f32, f16 or bf16, got F8_E4M3, in ${folder}`);
    await Deno.writeFile(join(folder, "model.safetensors"), safetensorsBytes(tensors));
    const other = await openWeights(folder);
    const missing = await assertRejects(() => other.read("a.wieght"), ModelError);
    assertEquals(
      missing.message,
      `expected tensor a.wieght, got none, in ${folder}; the nearest is a.weight`,
    );
    // A file that has shrunk since it was opened.
    const { size } = await Deno.stat(join(folder, "model.safetensors"));
    await Deno.truncate(join(folder, "model.safetensors"), size - 20);
    const short = await assertRejects(() => other.read("c.weight"), ModelError);
    assertStringIncludes(short.message, `of tensor c.weight, got a file of ${size - 20} bytes`);
  }));

Deno.test("files of an index lie in the folder, and have its tensors", () =>
  inFolder(async (folder) => {
    const index = (file: string) =>
      Deno.writeTextFile(
        join(folder, "model.safetensors.index.json"),
        JSON.stringify({ weight_map: { "a.weight": file } }),
      );
    const outside = await Deno.makeTempFile({ suffix: ".safetensors" });
    try {
      await Deno.writeFile(outside, safetensorsBytes(tensors));
      await Deno.symlink(outside, join(folder, "link.safetensors"));
      await Deno.mkdir(join(folder, "sub.safetensors"));
      const wrong: readonly (readonly [string, string])[] = [
        [outside, "an absolute path"],
        [`../${outside.split("/").at(-1)}`, "a path with .."],
        ["x/../../y", "a path with .."],
        ["", "no name"],
        ["link.safetensors", "a link out of it"],
        ["sub.safetensors", "no regular file"],
        ["none.safetensors", `expected a file "none.safetensors" in ${folder}, got none`],
        ["model.safetensors.index.json", "expected a header"],
      ];
      for (const [file, message] of wrong) {
        await index(file);
        assertStringIncludes(await refused(folder), message);
      }
      await Deno.writeFile(join(folder, "own.safetensors"), safetensorsBytes({}));
      await index("own.safetensors");
      assertStringIncludes(await refused(folder), "expected tensor a.weight in own.safetensors");
      await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), "{}");
      assertStringIncludes(await refused(folder), "expected weight_map");
    } finally {
      await Deno.remove(outside);
    }
  }));

Deno.test("a snapshot of Hugging Face's cache may link to its model's blobs", () =>
  inFolder(async (folder) => {
    const model = join(folder, "models--a--b"), snapshot = join(model, "snapshots", "0123");
    await Deno.mkdir(snapshot, { recursive: true });
    await Deno.mkdir(join(model, "blobs"));
    await Deno.writeFile(join(model, "blobs", "f00"), safetensorsBytes(tensors));
    await Deno.symlink("../../blobs/f00", join(snapshot, "model.safetensors"));
    assert((await openWeights(snapshot)).tensors.has("a.weight"));
    await Deno.remove(join(snapshot, "model.safetensors"));
    await Deno.writeFile(join(folder, "outside"), safetensorsBytes(tensors));
    await Deno.symlink(join(folder, "outside"), join(snapshot, "model.safetensors"));
    assertStringIncludes(await refused(snapshot), "a link out of it");
  }));

Deno.test("a read that is aborted rejects with the signal's reason", () =>
  inFolder(async (folder) => {
    await writeModel(folder, tensors);
    const source = await openWeights(folder), reason = new Error("enough");
    const error = await assertRejects(() => source.read("a.weight", { signal: AbortSignal.abort(reason) }));
    assertEquals(error, reason);
    assertStringIncludes(await refused(join(folder, "none")), "none");
  }));

dataTest("stories260k's weights are read", async (find) => {
  const source = await openWeights(find("stories260k"));
  assertEquals(source.bytes, 260_032 * 4);
  assertEquals(source.tensors.get("model.embed_tokens.weight")?.shape, [512, 64]);
});
