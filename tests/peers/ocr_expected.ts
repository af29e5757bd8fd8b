/**
 * Writes what ONNX Runtime makes of the networks of PP-OCRv4: `deno run -A --config tests/peers/deno.json
 * tests/peers/ocr_expected.ts`. Tests hold each device against it.
 */
import * as ort from "onnxruntime-web/webgpu";
import { PP_OCR } from "../models/ocr/ocr_files.ts";
import { sampleInput } from "../models/ocr/sample_input.ts";

/** Outputs are sampled: so many of each network. */
const SAMPLES = 400;
const SHAPES = { detection: [1, 3, 64, 320], angle: [1, 3, 48, 192], recognition: [1, 3, 48, 320] } as const;

ort.env.wasm.numThreads = 1;
const made: Record<string, unknown> = {};
for (const [name, shape] of Object.entries(SHAPES) as [keyof typeof SHAPES, readonly number[]][]) {
  const session = await ort.InferenceSession.create(await Deno.readFile(PP_OCR[name]), {
    executionProviders: ["wasm"],
  });
  const x = new ort.Tensor("float32", sampleInput(shape), [...shape]);
  const data = (await session.run({ x }))[session.outputNames[0] as string]?.data as Float32Array;
  const stride = Math.max(1, Math.floor(data.length / SAMPLES));
  const values = data.filter((_, k) => k % stride === 0);
  made[name] = { shape, stride, values: Array.from(values, (v) => Number(v.toPrecision(7))) };
}
Deno.writeTextFileSync(new URL("../models/ocr/expected.json", import.meta.url), JSON.stringify(made) + "\n");
