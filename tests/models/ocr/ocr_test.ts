/** PP-OCRv4 from a picture to its text: on one device, another one after each commit; `-- --all` takes all devices. */
import { assertEquals } from "@std/assert";
import { build } from "tunebook";
import { onnx } from "tunebook/models";
import type { Device } from "../../../lib/runtime/device.ts";
import { devices } from "../../devices.ts";
import { lastCommit } from "../../last_commit.ts";
import { drawText } from "./draw_text.ts";
import { PP_OCR } from "./ocr_files.ts";
import { Network } from "./network.ts";
import { halfTurned } from "./picture.ts";
import expected from "./expected.json" with { type: "json" };
import { TextReader } from "./read_text.ts";
import { sampleInput } from "./sample_input.ts";

/** Differences of logits are those of logarithms of what they become, up to a sum that all logits share. */
const MOST = 1e-3;

/** The logarithm of a probability, with a floor: the sigmoid of ONNX Runtime is off by up to 1e-7. */
const logOf = (probability: number) => Math.log(probability + 1e-4);

/** How far outputs are from those of ONNX Runtime, as logarithms. */
async function worstOf(reader: TextReader, network: keyof typeof expected): Promise<number> {
  const { shape, stride, values } = expected[network],
    [, , height, width] = shape as [number, number, number, number];
  const made = await reader[network].run(sampleInput(shape), height, width);
  const logs = values.map((v, k) => Math.abs(logOf(v) - logOf(made[k * stride] as number)));
  return logs.reduce((a, b) => a >= b ? a : b, 0);
}

/** One line: each width of a line is a program of its own. */
const LINES = ["WebGPU:2026"];

const drawn = devices[await lastCommit() % devices.length] as Device;

/** Sides of pictures, multiples of 32 as the network asks. */
const SIDES = [[64, 96], [128, 64]] as const;

for (const device of Deno.args.includes("--all") ? devices : [drawn]) {
  Deno.test(`one program finds lines in pictures of all sizes, on ${device.target.kind}`, async () => {
    const { graph, weights, outputs } = await onnx.load(PP_OCR.detection, {
      shapes: { x: [1, 3, "h", "w"] },
    });
    using any = await build(graph, device, { weights, bounds: { h: 128, w: 96 } });
    using fixed = new Network(device, PP_OCR.detection);
    for (const [h, w] of SIDES) {
      const planes = sampleInput([1, 3, h, w]), x = device.tensor(planes, [1, 3, h, w]);
      const made = (await any.run({ x }))[outputs[0]?.as ?? ""] as Float32Array;
      const wanted = await fixed.run(planes, h, w);
      assertEquals(made.length, h * w);
      const worst = made.reduce(
        (most, v, k) => Math.max(most, Math.abs(logOf(v) - logOf(wanted[k] as number))),
        0,
      );
      assertEquals(worst <= MOST, true, `${h} x ${w} is off by ${worst}`);
    }
  });

  Deno.test(`a picture of text comes back as the text, on ${device.target.kind}`, async () => {
    using reader = await TextReader.open(device, PP_OCR);
    const picture = drawText(LINES, { size: 20, step: 64 }), lines = await reader.read(picture);
    assertEquals(lines.map((l) => [l.text, l.turned]), LINES.map((text) => [text, false]));
    assertEquals(lines.every((l) => l.score > 0.9), true, `${lines.map((l) => l.score)}`);
    for (const network of ["detection", "angle", "recognition"] as const) {
      const worst = await worstOf(reader, network);
      assertEquals(worst <= MOST, true, `${network} is off by ${worst}`);
    }
    const turned = await reader.read(halfTurned(picture));
    assertEquals(turned.map((l) => [l.text, l.turned]), LINES.map((text) => [text, true]));
  });
}
